import { describe, expect, test } from "vitest";
import type { Fact } from "../../src/rules/journal.ts";
import type { Memory } from "../../src/simulator/memory.ts";
import type { Simulator } from "../../src/simulator/simulator.ts";
import { answerCall } from "../../src/simulator/tools.ts";
import type { Ways } from "../../src/simulator/world.ts";
import type { Json, Line, Task, ToolCall, ToolSpec } from "../../src/types.ts";
import { blueprint, booked, bookSeats, chain, findTrain, found } from "../support/blueprint.ts";
import { findAda, lessonTask, moveAda } from "../support/piano-school.ts";
import { stage } from "../support/stage.ts";

const other: ToolCall = { name: "find_train", arguments: { from: "Oslo", to: "Hamar", day: "2027-03-02" } };
const seats = (train_id: Json, count = 2): ToolCall => ({ name: "book_seats", arguments: { train_id, seats: count } });
const fact: Fact = { ...other, result: { train_id: "NT900", departs: "09:00" } };

interface Known {
  readonly task: Task;
  readonly lines?: readonly Line[];
  readonly journal?: readonly Fact[];
  readonly way?: Ways["tools"];
  readonly memory?: Memory | null;
}
const answerTo = (
  made: ToolCall,
  { task, lines = [], journal = [], way = "blueprint", memory = null }: Known,
  simulator: Simulator,
) => answerCall({ call: made, task, withhold: [], lines, journal, memory }, way, simulator);

/** The answer, and how often the simulator was asked for it. Without `reply` it must not be asked. */
async function call(made: ToolCall, task: Task, journal: readonly Fact[] = [], reply?: () => Json) {
  const { simulator, asked } = stage(reply ? { reply } : {});
  const answer = await answerTo(made, { task, journal }, simulator);
  if (!answer.ok) return { ...answer, asked: asked.replies };
  return { ...answer, result: JSON.parse(answer.text) as Json, asked: asked.replies };
}

describe("answered by rule, without the simulator", () => {
  test.each<[string, ToolCall, RegExp]>([
    ["an unknown tool", { name: "fly", arguments: {} }, /^unknown tool 'fly'; available: find_train, book_seats$/],
    ["a missing argument", { name: "find_train", arguments: { from: "Oslo", day: "2027-03-02" } }, /^missing argument 'to'$/],
    ["an extra argument", { ...found, arguments: { ...found.arguments, class: 1 } }, /^unknown argument 'class'$/],
    ["a mistyped argument", seats("NT418", 1.5), /^argument 'seats' must be an integer$/],
    ["an argument out of range", seats("NT418", 10), /^argument 'seats' must be at most 9$/],
    ["a date that is none", { ...found, arguments: { ...found.arguments, day: "tomorrow" } }, /^argument 'day' must be a date/],
    [
      "two faults at once",
      { name: "book_seats", arguments: { seats: "two" } },
      /missing argument 'train_id'; argument 'seats' must be/,
    ],
  ])("%s is named in the error", async (_, made, reason) => {
    const answer = await call(made, chain());
    expect(answer).toMatchObject({ ok: true, reward: -1, fact: null, result: { error: expect.stringMatching(reason) } });
  });

  test("an expected call returns the blueprint's result, however its values are written", async () => {
    const shouted = { ...found, arguments: { from: "OSLO", to: "bergen.", day: "2027-03-02" } };
    expect(await call(shouted, blueprint())).toMatchObject({ reward: 1, text: '{"train_id": "NT418", "departs": "08:25"}' });
    expect((await call(shouted, blueprint())).ok && (await call(booked, chain()))).toMatchObject({
      result: { price: 184 },
      reward: 1,
    });
  });

  test("an expected call is a fact for the journal", async () => {
    const made = { name: found.name, arguments: found.arguments };
    expect(await call(made, blueprint())).toMatchObject({ fact: { ...made, result: found.result } });
  });

  test("a dependent call with an id that no tool returned is refused", async () => {
    const answer = await call(seats("NT999"), chain());
    expect(answer).toMatchObject({ reward: -1, fact: null, result: { error: 'no such train_id: "NT999"' } });
    expect(await call(seats("NT999"), chain(), [{ ...found }])).toMatchObject({ reward: -1 });
  });

  test("another argument that both calls happen to share does not pass for the id", async () => {
    // the result repeats the day, which the user has said: the right day with an invented id is still refused
    const day = "2027-03-02";
    const tools = blueprint().tools.map((tool) => ({
      ...tool,
      parameters: { ...tool.parameters, properties: { ...(tool.parameters.properties as object), day: { type: "string" } } },
    }));
    const task = chain({
      tools,
      expected: [
        { ...found, result: { day, train_id: "NT418" } },
        { ...booked, arguments: { ...booked.arguments, day } },
      ],
    });
    const made = { name: "book_seats", arguments: { train_id: "NT999", seats: 2, day } };
    expect(await call(made, task, [{ ...found, result: { day, train_id: "NT418" } }])).toMatchObject({
      result: { error: 'no such train_id: "NT999"' },
    });
  });

  test("a repeated call gets the result it got before, and is no new fact", async () => {
    expect(await call(other, blueprint(), [fact])).toMatchObject({ ok: true, reward: 0, fact: null, result: fact.result });
  });
});

describe("the journal", () => {
  const getTrain: ToolSpec = {
    ...findTrain,
    name: "get_train",
    parameters: { type: "object", properties: { train_id: { type: "string" } } },
  };
  const look: ToolCall = { name: "get_train", arguments: { train_id: "NT418" } };
  const task = (change: Partial<Task> = {}) => blueprint({ tools: [findTrain, bookSeats, getTrain], ...change });
  const departs = (...times: readonly string[]) => {
    const left = [...times];
    return () => ({ train_id: "NT418", departs: left.shift() ?? "" });
  };

  test("a reply that changes a fact is asked for again, and a contradiction failure if it stays", async () => {
    const mended = await call(look, task(), [{ ...found }], departs("09:25", "08:25"));
    expect(mended).toMatchObject({ ok: true, result: { train_id: "NT418", departs: "08:25" } });
    expect(mended.asked).toHaveLength(2);
    const stubborn = await call(look, task(), [{ ...found }], departs("09:25", "10:25", "11:25"));
    expect(stubborn).toMatchObject({
      ok: false,
      failure: {
        boundary: "tool",
        code: "contradiction",
        text: "contradicts what is known: departs of train_id=nt418 is 11:25, it was 08:25",
      },
    });
  });

  test("what the blueprint will say is true before it is said: it is put into the reply, and no prompt gives it away", async () => {
    const said = [{ role: "user", text: "My train is NT418." }] as const;
    const { simulator, asked } = stage({ reply: departs("09:25") });
    expect(await answerTo(look, { task: task(), lines: said }, simulator)).toMatchObject({
      ok: true,
      text: expect.stringContaining("08:25"),
    });
    expect(asked.replies).toHaveLength(1);
    expect(JSON.stringify(asked.replies.map(({ messages }) => messages))).not.toContain("08:25");
  });

  test("an id that the user said is one, another is refused as invented", async () => {
    const said = [
      { role: "user", text: "I mean train NT-77." },
      { role: "assistant", text: "NT88?" },
    ] as const;
    const { simulator } = stage({ reply: () => ({ price: 20 }) });
    const book = (id: string) => answerTo(seats(id), { task: task(), lines: said }, simulator);
    expect(await book("NT77")).toMatchObject({ ok: true, reward: 0 });
    expect(await book("NT88")).toMatchObject({
      reward: -1,
      refused: "invented_id",
      text: '{"error": "no such train_id: \\"NT88\\""}',
    });
  });

  test("a reading call is answered again after something may have changed", async () => {
    const again = { ...look, result: { train_id: "NT418", departs: "08:25" } };
    const paid: Fact = { ...booked, result: { price: 184 } };
    expect((await call(look, task({ expected: [] }), [again])).asked).toHaveLength(0);
    expect((await call(look, task({ expected: [] }), [again, paid], departs("09:25"))).asked).toHaveLength(1);
  });
});

describe("executed tools", () => {
  const answerIn = (made: ToolCall, journal: readonly Fact[] = [], task: Task = lessonTask(), reply?: () => Json) =>
    answerTo(made, { task, journal, way: "executed" }, stage(reply ? { reply } : {}).simulator);
  const move: ToolCall = { name: moveAda.name, arguments: moveAda.arguments };
  const get: ToolCall = { name: "get_piano_lesson", arguments: { piano_lesson_id: "PL-4827" } };

  test("work on the table, and a read shows what a change made; no model is asked", async () => {
    expect(await answerIn(get, [findAda])).toMatchObject({ text: expect.stringContaining('"day": "2027-03-02"') });
    const moved = await answerIn(get, [findAda, { ...move, result: moveAda.result }]);
    expect(moved).toMatchObject({ ok: true, reward: 0, fact: { ...get, result: moveAda.result } });
    // and the next episode's table is as it was
    expect(await answerIn(get, [findAda])).toMatchObject({ text: expect.stringContaining('"day": "2027-03-02"') });
  });

  test("an expected call is worth 1 and says what the table gives, not what the blueprint says", async () => {
    const { name, arguments: given } = findAda;
    const gone: Fact = { name: "cancel_piano_lesson", arguments: get.arguments, result: {} };
    expect(await answerIn({ name, arguments: given })).toMatchObject({ reward: 1, fact: findAda });
    expect(await answerIn({ name, arguments: given }, [gone])).toMatchObject({
      reward: 1,
      text: expect.stringContaining('"cancelled"'),
    });
  });

  test("a call that fails is worth -1 and no fact, and is no call that was executed", async () => {
    const gone: Fact = { name: "cancel_piano_lesson", arguments: get.arguments, result: {} };
    expect(await answerIn(move, [findAda, gone])).toEqual({
      ...{ ok: true, reward: -1, fact: null, refused: "failed" },
      text: '{"error": "PL-4827 is cancelled already"}',
    });
    const invented = { ...get, arguments: { piano_lesson_id: "PL-9" } };
    expect(await answerIn(invented)).toMatchObject({ reward: -1, refused: "invented_id" });
    expect(await answerIn({ ...get, arguments: {} })).toMatchObject({ reward: -1, refused: "wrong_arguments" });
  });

  test("a tool without a table, or beside it, is answered from the blueprint", async () => {
    const { table: _, ...bare } = lessonTask();
    const { name, arguments: given } = findAda;
    expect(await answerIn({ name, arguments: given }, [], bare)).toMatchObject({ reward: 1, fact: findAda });
    const beside = lessonTask({ tools: [...lessonTask().tools, findTrain] });
    const reply = () => ({ train_id: "NT900", departs: "09:00" });
    expect(await answerIn(other, [], beside, reply)).toMatchObject({ reward: 0, fact: { result: reply() } });
  });
});

describe("another valid call", () => {
  const reply = () => ({ train_id: "NT900", departs: "09:00" });

  test("is answered by the simulator under the tool's return schema, with the journal in the prompt", async () => {
    const answer = await call(other, chain(), [{ ...found }], reply);
    expect(answer).toMatchObject({ ok: true, reward: 0, fact, text: '{"train_id": "NT900", "departs": "09:00"}' });
    expect(answer.asked).toHaveLength(1);
    expect(answer.asked[0]?.schema).toEqual(findTrain.returns);
    expect(answer.asked[0]?.messages.at(-1)?.content).toContain('= {"train_id": "NT418", "departs": "08:25"}');
  });

  test("may use an id that an earlier call returned", async () => {
    const answer = await call(seats("NT900", 3), chain(), [fact], () => ({ price: 300 }));
    expect(answer).toMatchObject({ reward: 0, result: { price: 300 } });
  });

  test("draws the same in every episode of the task, and differently in another task or for another call", async () => {
    const seed = async (made: ToolCall, task: Task) => (await call(made, task, [], reply)).asked[0]?.seed;
    expect(await seed(other, blueprint())).toBe(await seed(other, blueprint()));
    expect(await seed(other, blueprint({ id: "trains-2" }))).not.toBe(await seed(other, blueprint()));
    const third = { ...other, arguments: { ...other.arguments, to: "Moss" } };
    expect(await seed(third, blueprint())).not.toBe(await seed(other, blueprint()));
  });

  test("without a return schema gets a short status", async () => {
    const { returns: _, ...bare } = findTrain;
    expect(await call(other, blueprint({ tools: [bare] }), [], () => ({ status: "found" }))).toMatchObject({
      result: { status: "found" },
    });
  });

  test("that the simulator cannot answer in three tries is a failure as a value", async () => {
    const answer = await call(other, blueprint(), [], () => ({ train_id: 7 }));
    expect(answer).toMatchObject({ ok: false, failure: { boundary: "tool", code: "invalid_reply" } });
    expect(answer.asked).toHaveLength(3);
  });
});

const written = blueprint();
const talk: Line[] = [
  { role: "user", text: written.firstMessage },
  { role: "assistant", text: "Let me look." },
  { role: "call", text: "the call before" },
];
const right: ToolCall = { name: found.name, arguments: found.arguments };
const hamar: Fact = {
  name: "find_train",
  arguments: { ...found.arguments, to: "Hamar" },
  result: { train_id: "NT900", departs: "09:00" },
};
const wrote = (change: object = {}): Json => ({
  reason: "It fits.",
  reward: 1,
  result: { train_id: "NT1", departs: "07:00" },
  ...change,
});

/** The tool's answer if the simulator writes these replies; none: it must not be asked. */
async function answered(made: ToolCall, replies: readonly Json[], own: Task = written, journal: readonly Fact[] = []) {
  const left = [...replies];
  const { simulator, asked } = stage(replies.length === 0 ? {} : { reply: () => left.shift() ?? null });
  const answer = await answerTo(made, { task: own, lines: talk, journal, way: "written" }, simulator);
  return { answer, asked: asked.replies, prompt: asked.replies[0]?.messages.at(-1)?.content ?? "" };
}

describe("decided by rule, the simulator unasked", () => {
  test.each<[string, ToolCall, string]>([
    ["an unknown tool", { name: "fly", arguments: {} }, "unknown tool 'fly'"],
    ["a missing argument", { ...right, arguments: { from: "Oslo", day: "2027-03-02" } }, "missing argument 'to'"],
    ["an extra argument", { ...right, arguments: { ...right.arguments, class: 1 } }, "unknown argument 'class'"],
    ["a wrong type", { ...right, arguments: { ...right.arguments, to: 7 } }, "argument 'to' must be a string"],
  ])("%s", async (_, made, error) => {
    const { answer } = await answered(made, []);
    expect(answer).toMatchObject({ ok: true, reward: -1, fact: null, text: expect.stringContaining(error) });
  });

  test("a call that was answered before: the same result again, and no new fact", async () => {
    expect((await answered(hamar, [], written, [hamar])).answer).toEqual({
      ok: true,
      text: '{"train_id": "NT900", "departs": "09:00"}',
      reward: 0,
      fact: null,
    });
  });
});

describe("a tool that writes", () => {
  test("gives result and reward, also for the call that the blueprint expects", async () => {
    const { answer } = await answered(right, [wrote({ reward: 0 })]);
    expect(answer).toEqual({
      ok: true,
      text: '{"train_id": "NT1", "departs": "07:00"}',
      reward: 0,
      fact: { ...right, result: { train_id: "NT1", departs: "07:00" } },
    });
  });

  test("answers under the return schema or with an error; an error is no fact", async () => {
    const refused = wrote({ reward: -1, result: { error: "no train on that day" } });
    expect((await answered(right, [refused])).answer).toMatchObject({
      ok: true,
      reward: -1,
      fact: null,
      text: '{"error": "no train on that day"}',
    });
    const strange = wrote({ result: { price: 3 } });
    expect((await answered(right, [strange, wrote()])).asked).toHaveLength(2);
  });

  const { returns: _, ...silent } = findTrain;
  const free = blueprint({ tools: [silent] });

  test.each<[string, Json, string]>([
    [
      "a list of records",
      [{ train: "NT1" }, { train: "NT2", stops: ["Hamar"] }],
      '[{"train": "NT1"}, {"train": "NT2", "stops": ["Hamar"]}]',
    ],
    ["a text of two lines, as one line", "NT1 07:00\nNT2 09:00", '"NT1 07:00\\nNT2 09:00"'],
    ["nothing", null, "null"],
    ["a number", 7, "7"],
  ])("without a return schema may give %s, which is a fact that a repeated call gets again", async (_, result, text) => {
    const { answer, prompt } = await answered(right, [wrote({ result })], free);
    expect(answer).toEqual({ ok: true, text, reward: 1, fact: { ...right, result } });
    expect(prompt).toContain("or null if nothing is found");
    expect((await answered(right, [], free, [{ ...right, result }])).answer).toMatchObject({ text, reward: 0, fact: null });
  });

  test("without a return schema reports an error beside other fields: no fact; an empty one is no error", async () => {
    const error = { error: "not found", code: 404 };
    expect((await answered(right, [wrote({ result: error })], free)).answer).toMatchObject({ fact: null });
    const fine = { error: null, trains: [] };
    expect((await answered(right, [wrote({ result: fine })], free)).answer).toMatchObject({ fact: { result: fine } });
  });

  test("an earlier result of any shape is neither a contradiction nor an error of ours", async () => {
    for (const result of [null, "NT900", 7, [], [[{ train_id: "NT900" }]], { train: { train_id: "NT900" } }] satisfies Json[]) {
      const { answer, prompt } = await answered(right, [wrote({ result: "NT1" })], free, [{ ...hamar, result }]);
      expect(answer).toMatchObject({ ok: true, text: '"NT1"' });
      expect(prompt).toContain("find_train(");
    }
  });

  test("leaves the middle of long earlier results out where its context is small, and still answers", async () => {
    const long: Fact = { ...hamar, result: `start ${"x".repeat(4000)} end` };
    const { simulator, asked } = stage({ reply: () => wrote({ result: "NT1" }), contextTokens: 5000 });
    const answer = await answerTo(right, { task: free, lines: talk, journal: [long], way: "written" }, simulator);
    expect(answer).toMatchObject({ ok: true });
    expect(asked.replies[0]?.messages.at(-1)?.content).toMatch(/"start x+ \[\d+ characters left out\] x+ end"/);
  });

  test("is asked for a reason before the reward, and for the reward before the result", async () => {
    const { asked } = await answered(right, [wrote()]);
    expect(Object.keys((asked[0]?.schema.properties ?? {}) as object)).toEqual(["reason", "reward", "result"]);
  });

  test("reads the earlier results, the conversation and the user's goal, but neither persona nor expected calls", async () => {
    const { prompt, asked } = await answered(right, [wrote()], { ...written, persona: "a juggler", report: "NT418 it is" }, [
      hamar,
    ]);
    for (const known of [
      '= {"train_id": "NT900", "departs": "09:00"}',
      "Assistant: Let me look.",
      `The user wants: ${written.intent}`,
    ])
      expect(prompt).toContain(known);
    for (const unknown of ["juggler", "NT418", "the call before"]) expect(JSON.stringify(asked)).not.toContain(unknown);
  });

  test("begins with what all calls of the task share", async () => {
    const other: ToolCall = { name: "book_seats", arguments: { train_id: "NT900", seats: 1 } };
    const one = await answered(right, [wrote()]);
    const two = await answered(other, [wrote({ result: { price: 4 } })], written, [hamar]);
    const head = one.prompt.slice(0, one.prompt.indexOf("Earlier results:"));
    expect(head).toContain(findTrain.description);
    expect(two.prompt.startsWith(head)).toBe(true);
  });

  test("draws the same for a call in every episode of the task, differently for another", async () => {
    const seed = async (made: ToolCall, own = written) => (await answered(made, [wrote()], own)).asked[0]?.seed;
    expect(await seed(right)).toBe(await seed(right));
    expect(await seed(right, blueprint({ id: "trains-2" }))).not.toBe(await seed(right));
  });

  test("that writes nothing valid in three tries is a failure as a value", async () => {
    const { answer, asked } = await answered(right, [wrote({ reward: 2 }), "no", "{"]);
    expect(answer).toMatchObject({ ok: false, failure: { boundary: "tool", code: "invalid_reply" } });
    expect(asked).toHaveLength(3);
  });
});
