import { describe, expect, test } from "vitest";
import { difficulty } from "../../src/tasks/difficulty.ts";
import { writeTaskOf } from "../../src/tasks/direction.ts";
import { draftFaults, writeIntentTask } from "../../src/tasks/write-intent.ts";
import { type TaskOrder, writeTask } from "../../src/tasks/write-task.ts";
import type { Json, JsonObject, Task, Toolset } from "../../src/types.ts";
import { bookSeats, findTrain, found as foundTrain } from "../support/blueprint.ts";
import { stage } from "../support/stage.ts";

const trains: Toolset = { domain: "travel", name: "trains", tools: [findTrain] };
const chained: Toolset = { domain: "travel", name: "trains", tools: [findTrain, bookSeats] };

const order = (change: Partial<TaskOrder> = {}): TaskOrder => ({
  id: "step-1-0",
  names: ["run", "task", 0],
  level: 1,
  aspects: difficulty(1),
  decline: false,
  hold: 0,
  calls: 1,
  tokensPerTurn: 100,
  responseTokens: 500,
  ...change,
});
const found = { ...foundTrain };
const both = { ...difficulty(1), numTools: 2 };

const draft = {
  user_intent: "The user wants a train from Oslo to Bergen on 2027-03-02.",
  expected_tool_calls: [found],
  user_persona: "a commuter who knows the line",
  first_user_query: "Which train goes from Oslo to Bergen on March 2, 2027?",
};

/** Writes a task with a simulator that answers with these drafts in turn (the last one again and again). */
async function write(
  own: TaskOrder,
  toolsets: readonly Toolset[],
  drafts: readonly Json[],
  attempts = 1,
  fits?: (task: Task) => boolean,
) {
  let given = 0;
  const { scene, asked } = stage({ reply: () => drafts[Math.min(given++, drafts.length - 1)] ?? null });
  const written = await writeIntentTask(own, toolsets, scene.simulator, attempts, scene.patience, undefined, fits);
  return { ...written, asked: asked.replies };
}

describe("a task is written intent first", () => {
  test("one answer gives intent, persona, query and the right calls with arguments and results", async () => {
    const { task, rejected, asked } = await write(order(), [trains], [draft]);
    expect(rejected).toEqual([]);
    expect(asked).toHaveLength(1);
    expect(task).toMatchObject({
      kind: "call",
      domain: "travel",
      toolset: "trains",
      intent: draft.user_intent,
      persona: draft.user_persona,
      firstMessage: draft.first_user_query,
      expected: [found],
      dependent: false,
      heldBack: [],
      tools: [findTrain],
      limits: { userTurns: 1, assistantTurns: 2, toolTurns: 1 },
    });
    for (const value of ["NT418", "08:25"]) expect(task?.report).toContain(value);
  });

  test("the grammar knows only the tools that were drawn, and as many calls as the level asks for", async () => {
    const { asked } = await write(order({ aspects: both, calls: 2 }), [chained], [draft]);
    const { expected_tool_calls: calls } = (asked[0]?.schema.properties ?? {}) as Record<string, JsonObject>;
    expect(calls).toMatchObject({ minItems: 2, maxItems: 2 });
    const items = calls?.items;
    const { anyOf } = items as { anyOf: { properties: { name: JsonObject; result: Json } }[] };
    expect(anyOf.map(({ properties }) => properties.name.const).sort()).toEqual(["book_seats", "find_train"]);
    expect(anyOf.map(({ properties }) => properties.result)).toEqual(
      expect.arrayContaining([findTrain.returns, bookSeats.returns]),
    );
  });

  test("the aspects reach the prompt: persona, ambiguity, length and number of calls", async () => {
    const of = async (change: Partial<TaskOrder>) =>
      (await write(order(change), [trains], [draft])).asked[0]?.messages.at(-1)?.content;
    expect(await of({})).toMatch(/an expert[\s\S]*query is clear[\s\S]*talk will be short/);
    const hard = { ...both, userPersona: 2, expectedTurns: 2 };
    expect(await of({ aspects: hard, hold: 2, calls: 3 })).toMatch(/order: 3[\s\S]*a novice[\s\S]*very vague[\s\S]*will be long/);
  });

  test("tools come from one domain, toolset after toolset until there are enough", async () => {
    const one = (name: string, domain = "travel"): Toolset => ({ domain, name, tools: [{ ...findTrain, name }] });
    const world = [one("bus"), one("ferry"), one("train"), one("tea", "food"), one("cake", "food")];
    for (const seed of [1, 2, 3, 4, 5]) {
      const { asked } = await write(order({ names: [seed], aspects: { ...difficulty(1), numTools: 2 } }), world, [draft]);
      const listed = [...(asked[0]?.messages.at(-1)?.content ?? "").matchAll(/^- (\w+):/gm)].map(([, name = ""]) => name);
      expect(listed).toHaveLength(2);
      const domains = new Set(listed.map((name) => world.find((toolset) => toolset.name === name)?.domain));
      expect(domains.size).toBe(1);
    }
  });
});

describe("what the query does not say", () => {
  const vague = { ...draft, first_user_query: "Which train goes from Oslo to Bergen?" };

  test("is the person's own and told when asked, where the query may be vague", async () => {
    const { task } = await write(order({ hold: 1 }), [trains], [vague]);
    expect(task?.heldBack).toEqual([{ call: 0, argument: "day", sentence: "The day is 2027-03-02." }]);
    expect(task?.limits).toMatchObject({ userTurns: 2, assistantTurns: 3 });
  });

  test("rejects a draft whose query was to be clear", async () => {
    const { task, rejected } = await write(order(), [trains], [vague]);
    expect([task, rejected]).toEqual([null, [{ stage: "unclear_query", reason: "the query does not say day" }]]);
  });

  test("comes from an earlier result where that has it: then the later call depends on it", async () => {
    const guess = { name: "book_seats", arguments: { train_id: "XY000", seats: 2 }, result: { price: 184 } };
    const query = `${draft.first_user_query} Book 2 seats on it.`;
    const chain = { ...draft, expected_tool_calls: [found, guess], first_user_query: query };
    const own = order({ aspects: both, calls: 2 });
    const { task } = await write(own, [chained], [chain]);
    expect(task).toMatchObject({ dependent: true, heldBack: [] });
    expect(task?.expected[1]?.arguments).toEqual({ train_id: "NT418", seats: 2 });
    const said = { ...chain, first_user_query: `${query} Its id is XY000.` };
    expect((await write(own, [chained], [said])).task?.expected[1]?.arguments).toEqual({ train_id: "XY000", seats: 2 });
  });
});

describe("a draft is rejected with its reason, asked for again and then drawn again", () => {
  test.each<[string, Json]>([
    ["empty_query", { ...draft, first_user_query: "  " }],
    ["empty_query", { ...draft, user_intent: "" }],
    ["unknown_tool", { ...draft, expected_tool_calls: [{ ...found, name: "find_bus" }] }],
    ["wrong_call", { ...draft, expected_tool_calls: [{ ...found, arguments: { from: "Oslo" } }] }],
    ["wrong_call", { ...draft, expected_tool_calls: [{ ...found, result: { train_id: 7 } }] }],
    ["wrong_call", { ...draft, expected_tool_calls: [{ ...found, arguments: { ...found.arguments, to: " " } }] }],
    ["wrong_call", { ...draft, expected_tool_calls: [] }],
    ["tool_in_query", { ...draft, first_user_query: `${draft.first_user_query} Use find_train.` }],
    ["assistant_voice", { ...draft, first_user_query: "How can I help you with trains from Oslo to Bergen on 2027-03-02?" }],
    ["reply", "no JSON at all"],
  ])("%s", async (reason, bad) => {
    const failed = await write(order(), [trains], [bad], 2);
    expect(failed.task).toBeNull();
    expect(failed.rejected.map((one) => one.stage)).toEqual([reason, reason]);
    expect(failed.asked).toHaveLength(2 * 3);
    expect(new Set(failed.asked.map(({ seed }) => seed)).size).toBe(6);
    const saved = await write(order(), [trains], [bad, bad, bad, draft], 2);
    expect(saved.task?.firstMessage).toBe(draft.first_user_query);
    expect(saved.rejected.map((one) => one.stage)).toEqual([reason]);
  });

  test("prompt_too_long, which is for the policy's template to say", async () => {
    const { task, rejected } = await write(order(), [trains], [draft], 2, ({ tools }) => tools.length > 1);
    expect(task).toBeNull();
    expect(rejected.map((one) => one.stage)).toEqual(["prompt_too_long", "prompt_too_long"]);
  });

  test("every reason has a test above", () => {
    expect([...draftFaults].sort()).toEqual([
      "assistant_voice",
      "empty_query",
      "prompt_too_long",
      "reply",
      "tool_in_query",
      "unclear_query",
      "unknown_tool",
      "wrong_call",
    ]);
  });
});

test("a decline task says the same words where no tool of the request is at hand", async () => {
  const flights: Toolset = { domain: "travel", name: "flights", tools: [{ ...findTrain, name: "find_flight" }] };
  const call = { name: "find_flight", arguments: found.arguments };
  const names = (seed: number) => ["decline", seed];
  const drafts = (["find_train", "find_flight"] as const).map((name) => ({ ...draft, expected_tool_calls: [{ ...call, name }] }));
  const { task, asked } = await write(order({ decline: true, hold: 2, calls: 3, names: names(1) }), [trains, flights], drafts);
  expect(JSON.stringify(asked[0]?.schema)).not.toContain('"result"');
  expect(task).toMatchObject({
    kind: "decline",
    expected: [],
    heldBack: [],
    dependent: false,
    firstMessage: draft.first_user_query,
  });
  expect(task?.tools.map(({ name }) => name)).toEqual([task?.toolset === "trains" ? "find_flight" : "find_train"]);
  expect(task?.report).toMatch(/finds a train between two cities\.$/);
});

test("the config's direction picks the writer", () => {
  expect(writeTaskOf("intent-first")).toBe(writeIntentTask);
  expect(writeTaskOf("calls-first")).toBe(writeTask);
});
