// A written task, stage by stage, with a simulator and a teacher by script: what is made of it, what drops it, and what a resume
// asks again.
import { describe, expect, test } from "vitest";
import { configSchema } from "../../src/config/config.ts";
import { presets } from "../../src/config/presets.ts";
import { openTeacher } from "../../src/llm/remote/teacher.ts";
import { draws } from "../../src/rng.ts";
import { broken } from "../../src/rules/forbidden.ts";
import { ruleOf, toGrammar } from "../../src/rules/schema/grammar.ts";
import { drawn } from "../../src/rules/schema/rule.ts";
import { matchesSchema } from "../../src/rules/validate.ts";
import type { Stage, Staged } from "../../src/synth/stage.ts";
import { synthesiseWritten } from "../../src/synth/written/written.ts";
import type { Json, JsonObject, Task } from "../../src/types.ts";
import { says } from "../support/blueprint.ts";
import { chatServer } from "../support/chat-server.ts";
import { episodeOf, stage } from "../support/stage.ts";
import { answers, booking, scripted, teacherSays, toolForms, turns } from "../support/written-set.ts";

const config = configSchema.parse({ ...presets.synthagent, synth: { ...presets.synthagent.synth, solutions: 3 } });
const persona = { name: "p0007", text: "A piano teacher in Ghent who is brief." };

interface Change {
  readonly change?: Parameters<typeof scripted>[0];
  readonly said?: readonly string[];
  readonly done?: ReadonlyMap<Stage, Json>;
}

async function made({ change = {}, said = turns, done = new Map() }: Change = {}) {
  const on = stage(
    { say: teacherSays(said), reply: scripted(change) },
    { user: "written", tools: "written", ends: "answer", tries: 2 },
  );
  const kept: Staged[] = [];
  const synthesise = synthesiseWritten(config, {
    simulator: on.simulator,
    parser: null,
    teacher: { player: on.player, idsPerToken: 4 },
  });
  const task = await synthesise(persona, { position: 6, names: ["set", 6] }, done, async (staged) => void kept.push(staged));
  return { task, kept, asked: on.asked, on };
}

/** The task of a persona that was kept. */
async function keptTask(change: Change = {}): Promise<Task> {
  const { task, kept } = await made(change);
  if (task === null) throw new Error(`dropped: ${JSON.stringify(kept.at(-1))}`);
  return task;
}

describe("a written task", () => {
  test("is kept with the best solution as its blueprint and the values that it had to ask for held back", async () => {
    const task = await keptTask();
    expect(task.expected).toEqual([
      { name: "find_tuner", arguments: { city: "Ghent" }, result: { tuner_id: "TN-481", fee: 90 } },
      { name: "book_tuning", arguments: booking, result: { booking_id: "BK-77" } },
    ]);
    expect(task).toMatchObject({ kind: "call", dependent: true, toolset: "p0007", persona: persona.text });
    expect(task.report).toBe("Your piano is tuned on 2027-05-14, booking BK-77; it costs 90 euros.");
    expect(task.heldBack.map(({ argument }) => argument)).toEqual(["city", "day", "pitch"]);
    expect(task.limits).toMatchObject({ userReplies: 8, tokensPerTurn: 4096, responseTokens: 13_000 });
    expect(task.systemPrompt).toMatch(/Never book the baroque pitch, because the strings would not hold it\.$/);
  });

  test("holds nothing back that its restriction says", async () => {
    const invented = answers["You invent a task"] as JsonObject;
    const text = "Never book the baroque pitch, only concert pitch.";
    const told = { ...invented, restriction: { ...(invented.restriction as JsonObject), text } };
    const task = await keptTask({ change: { "You invent a task": told } });
    expect(task.heldBack.map(({ argument }) => argument)).toEqual(["city", "day"]);
  });

  test("offers its tools and one or two that are not needed, with results of two fields at most", async () => {
    const task = await keptTask();
    expect(task.tools.map(({ name }) => name).sort()).toEqual(["book_tuning", "cancel_tuning", "find_tuner", "rent_hall"]);
    for (const { returns } of task.tools) expect(Object.keys(returns?.properties as JsonObject).length).toBeLessThan(3);
    expect(task.tools.find(({ name }) => name === "book_tuning")?.parameters).toMatchObject({
      properties: { day: { format: "date" }, pitch: { enum: ["concert", "baroque"] } },
      required: ["tuner_id", "day", "pitch"],
    });
  });

  test("has a restriction that a call can break and the blueprint keeps to", async () => {
    const task = await keptTask();
    const calling = (pitch: string) => ({
      task,
      messages: [{ calls: [{ name: "book_tuning", arguments: { ...booking, pitch } }] }],
    });
    const rule = task.restriction?.rule ?? expect.fail("no restriction");
    const episode = async (pitch: string) => {
      const on = stage({ turns: [says(...calling(pitch).messages.flatMap(({ calls }) => calls)), "Done."], reply: scripted() });
      return (await episodeOf(on, { ...task, limits: { ...task.limits, userReplies: 0 } })).trajectory;
    };
    expect(broken(rule, await episode("baroque"))).toBe(true);
    expect(broken(rule, await episode("concert"))).toBe(false);
  });

  test("has a rubric whose items have a rule where one is evident, the restriction first", async () => {
    const { rubric, restriction } = await keptTask();
    const rules = (items: readonly { readonly rule: unknown }[] = []) => items.map(({ rule }) => rule);
    expect(rules(rubric?.forbidden)).toEqual([restriction?.rule, { kind: "never", tool: "cancel_tuning" }]);
    expect(rules(rubric?.subGoals)).toEqual([{ kind: "called", call: 0 }, { kind: "called", call: 1 }, null]);
    expect(rules(rubric?.questions)).toEqual([{ kind: "asked", heldBack: 0 }, null]);
  });

  test("never shows its background to the policy or to a tool", async () => {
    const { asked, on } = await made();
    for (const { ids } of asked.samples) expect(on.engine.vocabulary.decode([...ids])).not.toContain("Mara Lind");
    const ofTools = asked.replies.filter(({ messages }) => messages[0]?.content.startsWith("You act as"));
    expect(ofTools.length).toBeGreaterThan(0);
    for (const { messages } of ofTools) expect(JSON.stringify(messages)).not.toContain("She is at home");
  });

  test("is kept stage by stage, the solutions as calls, results and words", async () => {
    const { kept } = await made();
    expect(kept.map(({ stage: name }) => name)).toEqual(["toolset", "task", "check", "solutions", "rubric"]);
    const solved = kept[3] !== undefined && "body" in kept[3] ? (kept[3].body as JsonObject) : {};
    expect(solved).toMatchObject({ coverage: 1, best: 0 });
    expect(solved.solutions).toHaveLength(3);
    const [first] = solved.solutions as readonly JsonObject[];
    expect(first).toMatchObject({ stopReason: "final_answer", reached: [0, 1, 2, 3, 4], brokeRestriction: false });
    expect(JSON.stringify(first)).not.toContain("logprobs");
  });

  test("after a kill is the same, and what is stored is not asked again", async () => {
    const { kept, task } = await made();
    for (let stored = 1; stored <= kept.length; stored++) {
      const done = new Map(kept.slice(0, stored).map((one) => [one.stage, "body" in one ? one.body : null]));
      const again = await made({ done });
      expect(JSON.stringify(again.task)).toBe(JSON.stringify(task));
      expect(again.kept.map(({ stage: name }) => name)).toEqual(kept.slice(stored).map(({ stage: name }) => name));
    }
    const done = new Map(kept.map((one) => [one.stage, "body" in one ? one.body : null]));
    const { asked } = await made({ done });
    expect([asked.replies, asked.samples]).toEqual([[], []]);
  });
});

const toolset = answers["You invent a task"] as JsonObject;
const review = answers["You review the tools"] as JsonObject;
const goals = (done: number) => ({
  sub_goals: [0, 1, 2, 3, 4].map((at) => ({ reason: "It shows.", done: at < done })),
});
const restricted = (restriction: JsonObject): Change => ({
  change: { "You invent a task": { ...toolset, restriction: { text: "Keep to this rule, because it is one.", ...restriction } } },
});
const distractor = (change: JsonObject): Change => ({
  change: {
    "You review the tools": { ...review, distractors: [{ ...(review.distractors as readonly JsonObject[])[0], ...change }] },
  },
});
const judged = (...alone: readonly boolean[]): Change => ({
  change: {
    "You review the tools": {
      ...review,
      tools: alone.map((one) => ({ reason: "So it is.", language_model_alone: one, text_can_stand_for_it: true })),
    },
  },
});

describe("a persona is dropped, with the reason counted and in words:", () => {
  test.each<[string, string, RegExp, Change]>([
    [
      "a restriction on a tool that is not offered",
      "no_toolset",
      /sell_piano, which is no tool/,
      restricted({ kind: "never", tool: "sell_piano" }),
    ],
    [
      "a restriction on a value that no call can give",
      "no_toolset",
      /has the value "silent", which is none for pitch/,
      restricted({ kind: "values", tool: "book_tuning", argument: "pitch", values: "silent" }),
    ],
    [
      "a restriction that leaves no value",
      "no_toolset",
      /leaves no value for pitch/,
      restricted({ kind: "values", tool: "book_tuning", argument: "pitch", values: "concert, baroque" }),
    ],
    [
      "two tools of one name",
      "no_toolset",
      /two tools have the name find_tuner/,
      { change: { "You invent a task": { ...toolset, tools: [toolForms[0] ?? {}, ...toolForms] } } },
    ],
    [
      "a task that names a tool",
      "no_toolset",
      /names the tool find_tuner/,
      { change: { "You invent a task": { ...toolset, task: `${toolset.task} It takes find_tuner.` } } },
    ],
    [
      "a message of two sentences",
      "not_fuzzy",
      /more than one sentence/,
      {
        change: {
          "You turn a task": { ...(answers["You turn a task"] as JsonObject), message: "My piano is old. Can you help?" },
        },
      },
    ],
    [
      "a message that says all",
      "not_fuzzy",
      /holds nothing that the message leaves out/,
      {
        change: {
          "You turn a task": {
            message: "Please have my piano in Ghent tuned on 2027-05-14 for Mara Lind",
            background: "The piano of Mara Lind is in Ghent. It is to be tuned on 2027-05-14.",
          },
        },
      },
    ],
    [
      "a message that says how",
      "not_fuzzy",
      /says how/,
      {
        change: {
          "You turn a task": {
            ...(answers["You turn a task"] as JsonObject),
            message: "Find a tuner first and tell me what it costs.",
          },
        },
      },
    ],
    ["a distractor that serves", "no_review", /rent_hall may serve/, distractor({ arguments: toolForms[0]?.arguments ?? [] })],
    [
      "a distractor of a needed tool's name",
      "no_review",
      /there is a tool find_tuner already/,
      distractor({ name: "find_tuner" }),
    ],
    ["tools that a language model is itself", "too_few_tools", /2 of 3 tools/, judged(true, false, true)],
    ["a restriction without its tool", "restriction_without_tool", /book_tuning/, judged(false, true, false)],
    [
      "a task that cannot be done",
      "not_solvable",
      /No tuner/,
      { change: { "You check whether": { reason: "No tuner is left.", solvable: false } } },
    ],
    [
      "solutions that come to no end",
      "too_few_solutions",
      /0 of 3 .*max_assistant_turns/,
      { said: Array.from({ length: 40 }, () => "Which city?") },
    ],
    ["solutions without a call", "too_few_solutions", /0 of 3 .*final_answer/, { said: ["<answer>It is done.</answer>"] }],
    [
      "solutions that break the restriction",
      "too_few_solutions",
      /broke the restriction, broke/,
      {
        said: [
          ...turns.slice(0, 2),
          says({ name: "book_tuning", arguments: { ...booking, pitch: "baroque" } }),
          ...turns.slice(3),
        ],
      },
    ],
    [
      "solutions that leave too much undone together",
      "uncovered",
      /reached 3 of 5 sub-goals: learn the day; book/,
      { change: { "You check how far": goals(2) } },
    ],
    [
      "a rubric that forbids the solution",
      "no_rubric",
      /forbids find_tuner, which the solution calls/,
      {
        change: {
          "You write the rubric": {
            ...(answers["You write the rubric"] as JsonObject),
            forbidden: [{ text: "Somebody is looked for.", about: "find_tuner" }],
          },
        },
      },
    ],
  ])("%s", async (_, code, reason, change) => {
    const { task, kept } = await made(change);
    expect(task).toBeNull();
    expect(kept.at(-1)).toMatchObject({ dropped: code, reason: expect.stringMatching(reason) });
  });

  test("a reply under no schema is asked for again before that", async () => {
    const { asked } = await made({ change: { "You invent a task": { task: "short" } } });
    expect(asked.replies).toHaveLength(2);
  });
});

test("a teacher on a server solves it all the same, by turns of its own words", async () => {
  await using server = await chatServer({ say: teacherSays() });
  const address = { url: server.url, model: "big/teacher" };
  const { policyContext: contextTokens } = config.engine;
  await using teacher = await openTeacher({ address, key: null, contextTokens, requests: 2, thinkTokens: 0, deadlineMs: 5_000 });
  const on = stage({ reply: scripted() }, { ends: "answer" });
  const { policy, vocabulary, template, idsPerToken } = teacher;
  const player = { policy, vocabulary, template, rollout: on.player.rollout };
  const parts = { simulator: on.simulator, parser: null, teacher: { player, idsPerToken } };
  const task = await synthesiseWritten(config, parts)(
    persona,
    { position: 6, names: ["set", 6] },
    new Map(),
    async () => undefined,
  );
  expect(JSON.stringify(task)).toBe(JSON.stringify(await keptTask()));
  expect(on.asked.samples).toEqual([]);
  // greeted once, then three solutions of four turns
  expect(server.asked).toHaveLength(1 + 3 * turns.length);
  expect(server.asked.at(-1)?.body).toMatchObject({ temperature: 0.9, max_tokens: config.rollout.tokensPerTurn });
});

test("the solutions count together: two halves are a whole", async () => {
  let asked = 0;
  const halves = () => ({ sub_goals: [0, 1, 2, 3, 4].map((at) => ({ reason: "It shows.", done: asked % 2 === at % 2 })) });
  const { task, kept } = await made({
    change: {
      "You check how far": () => {
        asked++;
        return halves();
      },
    },
  });
  expect(task).not.toBeNull();
  expect(kept[3]).toMatchObject({ body: { coverage: 1 } });
});

test("a result that no text can stand for becomes a status and an id", async () => {
  const tools = toolForms.map((_, at) => ({ reason: "So it is.", language_model_alone: false, text_can_stand_for_it: at !== 2 }));
  const task = await keptTask({ change: { "You review the tools": { ...review, tools } } });
  const cancel = task.tools.find(({ name }) => name === "cancel_tuning");
  expect(Object.keys(cancel?.returns?.properties as JsonObject)).toEqual(["status", "reference_id"]);
});

test("every question has a grammar that fits into an engine, and whose texts fit the question's schema", async () => {
  const { asked } = await made();
  const schemas = new Map(asked.replies.map(({ messages, schema }) => [messages[0]?.content ?? "", schema]));
  expect(schemas.size).toBe(8);
  for (const schema of schemas.values()) {
    expect(toGrammar(schema).length).toBeLessThan(30_000);
    for (let index = 0; index < 5; index++) {
      const reply = JSON.parse(drawn(ruleOf(schema), draws("grammar", index))) as Json; // JSON.parse returns nothing else
      expect(matchesSchema(schema, reply)).toEqual([]);
    }
  }
});

test("the solutions share one memory of the world, which is kept with them for the runs that train on the set", async () => {
  const { asked, kept } = await made();
  const ofTools = asked.replies.filter(({ messages }) => messages[0]?.content.startsWith("You act as"));
  expect(ofTools).toHaveLength(2); // two calls, three solutions
  expect(kept[3]).toMatchObject({ body: { memory: [{ call: expect.stringContaining("find_tuner") }, {}] } });
});
