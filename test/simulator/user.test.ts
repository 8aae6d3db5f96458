import { describe, expect, test } from "vitest";
import type { ChooseRequest, ReplyRequest } from "../../src/llm/llm.ts";
import { complaint, thanks } from "../../src/simulator/prompts/user.ts";
import type { Simulator } from "../../src/simulator/simulator.ts";
import { outOfCharacter, userWays } from "../../src/simulator/user.ts";
import { openWorld } from "../../src/simulator/world.ts";
import type { Json, Line, Task, ToolCall } from "../../src/types.ts";
import { blueprint, booked, chain, declined, found } from "../support/blueprint.ts";
import { cancelAda, findAda, lessonTask } from "../support/piano-school.ts";
import { isSilent, menuOf, stage } from "../support/stage.ts";

const day = { call: 0, argument: "day", sentence: "The day is 2027-03-02." };
const to = { call: 0, argument: "to", sentence: "The to is Bergen." };
const task = blueprint({ heldBack: [day, to] });
const lines: Line[] = [
  { role: "user", text: task.firstMessage },
  { role: "assistant", text: "There is one at 08:25. Say more." },
];

const nextSentence = (own: Task, said: readonly Line[], told: readonly number[], simulator: Simulator) =>
  userWays.chosen({ task: own, withhold: [], lines: said, told: new Set(told), names: [] }, simulator);

/** The user's sentence if the menu weighs `said`, and `silent` before the assistant has said anything. */
async function next(said: readonly number[], silent: readonly number[], told: readonly number[] = []) {
  const asked: ChooseRequest[] = [];
  const { simulator } = stage({
    choose: (request) => {
      asked.push(request);
      return isSilent(request) ? silent : said;
    },
  });
  return { answer: await nextSentence(task, lines, told, simulator), asked };
}

describe("the user's next sentence", () => {
  test("is the one on the menu that the conversation made likelier, not the one that is liked anyway", async () => {
    const { answer } = await next([-0.1, -2, -3, -4], [-0.1, -5, -3, -4]);
    expect(answer).toEqual({ ok: true, text: to.sentence, kind: "detail", detail: 1, reward: 1 });
  });

  test("comes from a menu of the held-back details, thanks and a complaint", async () => {
    const { asked } = await next([-1, -1, -1, -1], [-1, -1, -1, -1]);
    expect(asked.map((request) => menuOf(request))).toEqual([0, 1].map(() => [day.sentence, to.sentence, thanks, complaint]));
    expect(asked[0]).toMatchObject({ lead: "Answer:", options: [" A", " B", " C", " D"] });
  });

  test("is the detail that was asked for by name, whatever a model would pick, and no model is asked", async () => {
    const { simulator, asked } = stage({ choose: (request) => (isSilent(request) ? [-1, -1] : [-9, -0.1]) });
    const asking = [
      ...lines.slice(0, 1),
      { role: "assistant", text: "I need one more detail: the day. Could you tell me?" },
    ] as const;
    expect(await nextSentence(task, asking, [], simulator)).toMatchObject({ kind: "detail", detail: 0, text: day.sentence });
    expect(asked.choices).toEqual([]);
    expect(await nextSentence(task, asking, [0], simulator)).toMatchObject({ kind: "complaint" }); // it was told
  });

  test("is not a detail that nobody asked for: an assistant that says nothing leaves the person's own question last", async () => {
    const asks = blueprint({ heldBack: [day], firstMessage: "Can you tell me the day of the train to Bergen?" });
    const { simulator, asked } = stage({ choose: () => [-1, -1] });
    await nextSentence(asks, [{ role: "user", text: asks.firstMessage }], [], simulator);
    expect(asked.choices.length).toBeGreaterThan(0);
  });

  test("thanks for what written tools have really said, whatever the blueprint has", async () => {
    const result = { train_id: "NT8", departs: "11:50" };
    const { simulator, ways, asked } = stage({ reply: () => ({ reason: "It fits.", reward: 1, result }) }, { tools: "written" });
    const clear = blueprint();
    const world = openWorld(clear, simulator, ways, ["heard"]);
    const begun: Line = { role: "user", text: clear.firstMessage };
    await world.answer(found, [begun]);
    expect(await world.reply([begun, { role: "assistant", text: "Take NT8 at 11:50." }])).toMatchObject({ kind: "thanks" });
    expect(asked.choices).toEqual([]);
  });

  test("waits for the results of the expected calls, with the ids that written tools gave, and not for those of another call", async () => {
    const heard = async (made: ToolCall, text: string) => {
      const results: Json[] = [{ train_id: "NT8", departs: "11:50" }, { price: 99 }];
      const reply = () => ({ reason: "It fits.", reward: 1, result: results.shift() ?? null });
      const { simulator, ways, asked } = stage({ reply, choose: () => [-1, -1] }, { tools: "written" });
      const both = chain({ tools: chain().tools.map(({ returns: _, ...tool }) => tool) });
      const world = openWorld(both, simulator, ways, ["linked"]);
      const begun: Line = { role: "user", text: both.firstMessage };
      await world.answer(made, [begun]);
      await world.answer({ ...booked, arguments: { ...booked.arguments, train_id: "NT8" } }, [begun]);
      await world.reply([begun, { role: "assistant", text }]);
      return asked.choices.length === 0; // all is heard, so there is nothing to choose
    };
    const report = "I booked train NT8 at 11:50 for 99.";
    expect(await heard(found, report)).toBe(true);
    expect(await heard({ ...found, arguments: { ...found.arguments, to: "Hamar" } }, report)).toBe(false);
  });

  test("is weighed on the conversation, and against the first message alone", async () => {
    const { asked } = await next([-1, -1, -1, -1], [-1, -1, -1, -1]);
    const [said, silent] = asked.map((request) => request.messages.at(-1)?.content ?? "");
    expect(said).toContain("Assistant: There is one at 08:25. Say more.");
    expect(silent).toContain(`User: ${task.firstMessage}`);
    expect(silent).not.toContain("Say more.");
  });

  test("is never a detail that was given: it leaves the menu and the others keep their order", async () => {
    const { answer, asked } = await next([-0.1, -3, -3], [-1, -1, -1], [0]);
    expect(menuOf(asked[0] as ChooseRequest)).toEqual([to.sentence, thanks, complaint]);
    expect(answer).toMatchObject({ detail: 1, text: to.sentence });
  });

  test("is worth 1 as a detail, 0 as thanks and -1 as a complaint", async () => {
    const level = [-2, -2, -2, -2];
    const picked = await Promise.all(
      [0, 2, 3].map((at) =>
        next(
          level.map((odds, index) => (index === at ? -0.1 : odds)),
          level,
        ),
      ),
    );
    expect(picked.map(({ answer }) => answer)).toMatchObject([
      { kind: "detail", reward: 1 },
      { kind: "thanks", reward: 0, detail: null, text: thanks },
      { kind: "complaint", reward: -1, detail: null, text: complaint },
    ]);
  });

  /** The menu after the assistant has said this, or the only thing that can be said. */
  async function menuAfter(own: Task, ...said: readonly string[]) {
    const menus: (readonly string[])[] = [];
    const { simulator } = stage({
      choose: (request) => {
        menus.push(menuOf(request));
        return request.options.map(() => -1);
      },
    });
    const talk = [
      { role: "user" as const, text: own.firstMessage },
      ...said.map((text) => ({ role: "assistant" as const, text })),
    ];
    const answer = await nextSentence(own, talk, [], simulator);
    return menus[0] ?? [answer.ok ? answer.text : "failed"];
  }
  const cancelled = lessonTask({ expected: [findAda, cancelAda] });
  const bare = blueprint({ expected: [{ name: "find_train", arguments: {}, result: null }] });

  test.each<[string, Task, readonly string[], readonly string[]]>([
    ["no thanks if nothing of the results was reported", task, ["The task is complete."], [day.sentence, to.sentence, complaint]],
    ["no complaint if every value was reported", task, ["NT418, at 08:25."], [day.sentence, to.sentence, thanks]],
    ["no complaint if they were reported one after the other", blueprint(), ["It is NT418.", "It leaves at 08:25."], [thanks]],
    ["only a complaint if nothing was reported and nothing is held back", blueprint(), ["Hello!"], [complaint]],
    ["both if some was reported", blueprint(), ["It is NT418."], [thanks, complaint]],
    ["both after a refusal that was not due", blueprint(), ["I can't do that."], [thanks, complaint]],
    ["both if the result has no values to listen for", bare, ["Done."], [thanks, complaint]],
    [
      "no complaint if it was said what became of a record, not what it was before",
      cancelled,
      ["PL-4827 of Ada Moen is cancelled."],
      [thanks],
    ],
    ["no complaint after a refusal that was due", declined(), ["I can't do that."], [thanks]],
    ["both after other words if a refusal is right", declined(), ["Your train leaves at noon."], [thanks, complaint]],
  ])("is %s", async (_name, own, said, menu) => {
    expect(await menuAfter(own, ...said)).toEqual(menu);
  });

  test("of a model without log-probs is the letter that it answers, asked for in words and as an enum", async () => {
    const menus: Json[] = [];
    const reply = (request: ReplyRequest) => {
      menus.push({ enum: request.schema.properties ?? null, prompt: request.messages.at(-1)?.content ?? "" });
      return { answer: "B" };
    };
    const { engine } = stage({ reply });
    const { simulator } = stage({}, { model: { ...engine.simulator, weighs: false } });
    const answer = await nextSentence(task, lines, [], simulator);
    expect(answer).toMatchObject({ ok: true, kind: "detail", text: to.sentence, reward: 1 });
    expect(menus).toEqual([
      {
        enum: { answer: { type: "string", enum: ["A", "B", "C", "D"] } },
        prompt: expect.stringMatching(/\(B\) [\s\S]*Answer with JSON: \{"answer":"A"\} or \{"answer":"B"\}/),
      },
    ]);
  });

  test("of odds that are no numbers is a failure, not a sentence", async () => {
    const { answer } = await next([Number.NaN, -1, -1, -1], [-1, -1, -1, -1]);
    expect(answer).toMatchObject({ ok: false, failure: { boundary: "user", code: "invalid_reply" } });
  });

  test("that does not come before the deadline is a failure, not a sentence", async () => {
    const { simulator } = stage({ choose: () => new Promise(() => {}) }, { tries: 1, deadlineMs: 1 });
    const answer = await nextSentence(task, lines, [], simulator);
    expect(answer).toMatchObject({ ok: false, failure: { boundary: "user", code: "deadline" } });
  });

  test("is not waited for when cancelled", async () => {
    const { simulator } = stage({ choose: () => new Promise(() => {}) }, { signal: AbortSignal.abort() });
    const answer = nextSentence(task, lines, [], simulator);
    await expect(answer).rejects.toMatchObject({ code: "cancelled" });
  });
});

const asking = blueprint({ heldBack: [day] });
const talk: Line[] = [
  { role: "user", text: asking.firstMessage },
  { role: "assistant", text: "Which day?" },
  { role: "call", text: '{"name": "find_train"}' },
  { role: "result", text: '{"train_id": "NT418"}' },
  { role: "assistant", text: "It is NT418." },
];
const turn = (change: object): Json => ({ reason: "It asked.", reward: 1, done: false, message: "On 2027-03-02.", ...change });

const writtenTurn = (own: Task, said: readonly Line[], simulator: Simulator) =>
  userWays.written({ task: own, withhold: [], lines: said, told: new Set(), names: ["run", 1] }, simulator);

/** The user's turn if the simulator writes these one after the other, and what it was asked. */
async function written(replies: readonly Json[], own: Task = asking, said: readonly Line[] = talk) {
  const left = [...replies];
  const { simulator, asked } = stage({ reply: () => left.shift() ?? null });
  const answer = await writtenTurn(own, said, simulator);
  return { answer, asked: asked.replies, prompt: asked.replies[0]?.messages.at(-1)?.content ?? "" };
}

describe("a user who writes", () => {
  test("says the next message and rewards the assistant's turn", async () => {
    expect((await written([turn({})])).answer).toEqual({
      ok: true,
      kind: "message",
      text: "On 2027-03-02.",
      reward: 1,
      detail: null,
    });
    expect((await written([turn({ reward: -1 })])).answer).toMatchObject({ reward: -1 });
  });

  test.each([
    ["an empty message", { message: " " }],
    ["being done, whatever else is said", { done: true, message: "As an AI I call find_train." }],
  ])("ends the talk by %s, and the turn keeps its reward", async (_, change) => {
    expect((await written([turn({ reward: -1, ...change })])).answer).toMatchObject({ kind: "silence", text: "", reward: -1 });
  });

  test("is asked for a reason before the reward, and for the reward before the words", async () => {
    const { asked } = await written([turn({})]);
    expect(Object.keys((asked[0]?.schema.properties ?? {}) as object)).toEqual(["reason", "reward", "done", "message"]);
  });

  test("knows intent, persona and what was held back, and hears what was said aloud, not calls or results", async () => {
    const { prompt } = await written([turn({})]);
    for (const known of [`The person wants: ${asking.intent}`, "knows the subject well", day.sentence, "Assistant: It is NT418."])
      expect(prompt).toContain(known);
    for (const unheard of ["find_train", "train_id", thanks]) expect(prompt).not.toContain(unheard);
  });

  test("hears an assistant that said nothing", async () => {
    expect((await written([turn({})], asking, talk.slice(0, 1))).prompt).toContain(`${asking.firstMessage}\nAssistant: ...`);
  });

  test("is told how long the conversation should be, level by level", async () => {
    const told = await Promise.all(
      [0, 1, 2].map(async (expectedTurns) => (await written([turn({})], { ...asking, expectedTurns })).prompt),
    );
    expect(told.map((prompt) => /The conversation is (\w+)\./.exec(prompt)?.[1])).toEqual(["short", "medium", "long"]);
  });

  test("has the same prompt up to the conversation at every turn, so that it is computed once", async () => {
    const [first, later] = [await written([turn({})], asking, talk.slice(0, 2)), await written([turn({})])];
    const head = first.prompt.slice(0, first.prompt.indexOf("Which day?"));
    expect(head).toContain(asking.intent);
    expect(later.prompt.startsWith(head)).toBe(true);
    expect(later.asked[0]?.messages[0]).toEqual(first.asked[0]?.messages[0]);
  });

  test("who leaves the person's voice is asked again with another draw, and fails as a value in the end", async () => {
    const assistant = turn({ message: "How can I help you today?" });
    const { answer, asked } = await written([assistant, "not JSON", turn({})]);
    expect(answer).toMatchObject({ ok: true, text: "On 2027-03-02." });
    expect(new Set(asked.map(({ seed }) => seed)).size).toBe(3);
    expect((await written([assistant, assistant, assistant])).answer).toMatchObject({
      ok: false,
      failure: { boundary: "user", code: "invalid_reply", text: expect.stringContaining("speaks as the assistant") },
    });
  });

  test("that does not come before the deadline is a failure, and not waited for when cancelled", async () => {
    const never = { reply: () => new Promise<never>(() => {}) };
    expect(await writtenTurn(asking, talk, stage(never, { tries: 1, deadlineMs: 1 }).simulator)).toMatchObject({
      failure: { boundary: "user", code: "deadline" },
    });
    const cancelled = writtenTurn(asking, talk, stage(never, { signal: AbortSignal.abort() }).simulator);
    await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("the rule about a person's voice", () => {
  const weather = { name: "weather", description: "", parameters: { type: "object" } };
  const rule = (text: string) => outOfCharacter(text, blueprint({ tools: [...asking.tools, weather] }), talk);

  test.each([
    "Please call find_train for me.",
    "Use FIND_TRAIN.",
    "As an AI language model, I cannot travel.",
    "I'm happy to assist you with that.",
    "I'll look that up for you.",
    "Your booking has been confirmed.",
    "Is there anything else I can do?",
    "Assistant: which day?",
    '<tool_call>{"name": "x"}</tool_call>',
    '{"name": "x", "arguments": {}}',
    "It is NT418.",
  ])("refuses %j", (text) => {
    expect(rule(text)).not.toBeNull();
  });

  test.each([
    "Can you help me find a train?",
    "Let me check my calendar. Tuesday works.",
    "I've booked a hotel already, so it must be the morning.",
    "Is there anything else you found?",
    "What will the weather be like?",
    "Thanks! And when does it arrive?",
    "My request was another one.",
  ])("lets %j pass", (text) => {
    expect(rule(text)).toBeNull();
  });
});
