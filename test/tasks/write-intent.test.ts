import { describe, expect, test } from "vitest";
import { difficulty } from "../../src/tasks/difficulty.ts";
import type { TaskOrder } from "../../src/tasks/orders.ts";
import { writeIntentDraft } from "../../src/tasks/write-intent.ts";
import { anyTools } from "../../src/tools/distractors.ts";
import type { Json, JsonObject, Task, Toolset } from "../../src/types.ts";
import { bookSeats, findFlight, findTrain, found as foundTrain } from "../support/blueprint.ts";
import { stage } from "../support/stage.ts";
import { chained, order, trains } from "../support/task-order.ts";

const found = { ...foundTrain };
const both = { ...difficulty(1), numTools: 2 };

const draft = {
  user_intent: "The user wants a train from Oslo to Bergen on 2027-03-02.",
  expected_tool_calls: [found],
  user_persona: "a commuter who knows the line",
  first_user_query: "Which train goes from Oslo to Bergen on March 2, 2027?",
};

/** One draft by a simulator that answers with these in turn (the last one again and again). */
async function write(own: TaskOrder, toolsets: readonly Toolset[], drafts: readonly Json[]) {
  let given = 0;
  const { simulator, asked } = stage({ reply: () => drafts[Math.min(given++, drafts.length - 1)] ?? null });
  const written = await writeIntentDraft(own, { toolsets, distractors: anyTools, simulator });
  const task: Task | null = "task" in written ? written.task : null;
  return { task, rejected: "task" in written ? null : written, asked: asked.replies };
}

describe("a task is written intent first", () => {
  test("one answer gives intent, persona, query and the right calls with arguments and results", async () => {
    const { task, rejected, asked } = await write(order(), [trains], [draft]);
    expect(rejected).toBeNull();
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
      limits: { userReplies: 1, assistantTurns: 3, toolTurns: 1 },
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
    expect(await of({})).toMatch(/an expert[\s\S]*query is clear[\s\S]*conversation will be short/);
    const hard = { ...both, userPersona: 2, expectedTurns: 2 };
    expect(await of({ aspects: hard, hold: 2, calls: 3 })).toMatch(/order: 3[\s\S]*a novice[\s\S]*very vague[\s\S]*will be long/);
  });

  test("tools come from one domain, toolset after toolset until there are enough", async () => {
    const pair = (name: string, domain = "travel"): Toolset => {
      return { domain, name, tools: ["a", "b"].map((letter) => ({ ...findTrain, name: `${name}_${letter}` })) };
    };
    const world = [pair("bus"), pair("ferry"), pair("train"), pair("tea", "food"), pair("cake", "food")];
    const drawn = async (seed: number, numTools: number) => {
      const { asked } = await write(order({ names: [seed], aspects: { ...both, numTools } }), world, [draft]);
      const listed = [...(asked[0]?.messages.at(-1)?.content ?? "").matchAll(/^- (\w+)_[ab]:/gm)].map(([, name = ""]) => name);
      expect(listed).toHaveLength(numTools);
      return [...new Set(listed)].map((name) => world.find((toolset) => toolset.name === name)?.domain);
    };
    for (const seed of [1, 2, 3, 4, 5]) {
      expect(await drawn(seed, 2)).toHaveLength(1); // one toolset has enough
      const [one, other, ...more] = await drawn(seed, 3);
      expect([other, more]).toEqual([one, []]);
    }
  });
});

describe("what the query does not say", () => {
  const vague = { ...draft, first_user_query: "Which train goes from Oslo to Bergen?" };

  test("is held back and given when asked for, if the query may be vague", async () => {
    const { task } = await write(order({ hold: 1 }), [trains], [vague]);
    expect(task?.heldBack).toEqual([{ call: 0, argument: "day", sentence: "Day: 2027-03-02." }]);
    expect(task?.limits).toMatchObject({ userReplies: 1, assistantTurns: 3 });
  });

  test("rejects a draft whose query was to be clear", async () => {
    const { task, rejected } = await write(order(), [trains], [vague]);
    expect([task, rejected]).toEqual([null, { stage: "message_unclear", reason: "the first message does not say day" }]);
  });

  test("is nothing that the tool's page says, and no empty list, which nobody could say", async () => {
    const properties = {
      ...(findTrain.parameters.properties as JsonObject),
      version: { const: "v1" },
      ways: { type: "array", items: { type: "string" } },
    };
    const tool = {
      ...findTrain,
      parameters: { ...findTrain.parameters, properties, required: ["from", "to", "day", "version"] },
    };
    const call = { ...found, arguments: { ...found.arguments, version: "v1", ways: [] } };
    const toolset = { ...trains, tools: [tool] };
    const { task } = await write(order(), [toolset], [{ ...draft, expected_tool_calls: [call] }]);
    expect(task).toMatchObject({ heldBack: [], expected: [{ arguments: { ...found.arguments, version: "v1" } }] });
    expect(task?.expected[0]?.arguments).not.toHaveProperty("ways");
  });

  test("comes from an earlier result that has it, so that the later call depends on it", async () => {
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

describe("a draft is rejected", () => {
  test.each<[string, Json]>([
    ["arguments that the tool refuses", { ...draft, expected_tool_calls: [{ ...found, arguments: { from: "Oslo" } }] }],
    ["an argument that is empty", { ...draft, expected_tool_calls: [{ ...found, arguments: { ...found.arguments, to: " " } }] }],
    [
      "an argument that breaks off",
      { ...draft, expected_tool_calls: [{ ...found, arguments: { ...found.arguments, to: "Ber-" } }] },
    ],
    ["a query that says another day", { ...draft, first_user_query: "Which train goes from Oslo to Bergen on 2027-03-05?" }],
    ["a result of another shape", { ...draft, expected_tool_calls: [{ ...found, result: { train_id: 7 } }] }],
    ["a tool that is not offered", { ...draft, expected_tool_calls: [{ ...found, name: "find_bus" }] }],
    ["no call", { ...draft, expected_tool_calls: [] }],
    ["no words", { ...draft, first_user_query: " " }],
    ["no JSON", "no JSON at all"],
  ])("for its calls after three tries: %s", async (_, bad) => {
    const failed = await write(order(), [trains], [bad]);
    expect([failed.task, failed.rejected?.stage]).toEqual([null, "calls"]);
    expect(new Set(failed.asked.map(({ seed }) => seed)).size).toBe(3);
    const saved = await write(order(), [trains], [bad, bad, draft]);
    expect(saved.task?.firstMessage).toBe(draft.first_user_query);
  });

  test("for a date out of the form that its page names, which a right call would not make", async () => {
    const { format: _, ...day } = (findTrain.parameters.properties as Record<string, JsonObject>).day ?? {};
    const properties = { ...(findTrain.parameters.properties as JsonObject), day: { ...day, description: "as YYYY-MM-DD" } };
    const toolset = { ...trains, tools: [{ ...findTrain, parameters: { ...findTrain.parameters, properties } }] };
    const said = { ...found, arguments: { ...found.arguments, day: "March 2, 2027" } };
    const { task, asked } = await write(order(), [toolset], [{ ...draft, expected_tool_calls: [said] }, draft]);
    expect([task?.expected[0]?.arguments.day, asked.length]).toEqual(["2027-03-02", 2]);
  });

  test("for expecting one call twice, which cannot be made as expected", async () => {
    const { task, asked } = await write(order({ calls: 2 }), [trains], [{ ...draft, expected_tool_calls: [found, found] }]);
    expect([task, asked.length]).toEqual([null, 3]);
    const back = { ...found, arguments: { from: "Bergen", to: "Oslo", day: "2027-03-02" } };
    const both = await write(order({ calls: 2 }), [trains], [{ ...draft, expected_tool_calls: [found, back] }]);
    expect(both.task?.expected).toHaveLength(2);
  });

  test.each([
    "How can I help you with trains from Oslo to Bergen on 2027-03-02?",
    "The assistant finds a train from Oslo to Bergen on 2027-03-02.",
    "Which train goes from Oslo to Bergen on 2027-03-02? Give me its train_id.",
  ])("at once for a message that no person would say: %s", async (query) => {
    const { rejected, asked } = await write(order(), [trains], [{ ...draft, first_user_query: query }]);
    expect([rejected?.stage, asked.length]).toEqual(["message_voice", 1]);
  });

  test("when a vague message leaves more unsaid than the person's menu holds", async () => {
    const names = ["a1", "b2", "c3", "d4", "e5", "f6", "g7"];
    const properties = Object.fromEntries(names.map((name) => [name, { type: "string" }]));
    const form = { ...findTrain, name: "fill_form", parameters: { type: "object", properties, required: names } };
    const call = {
      name: "fill_form",
      arguments: Object.fromEntries(names.map((name) => [name, `value ${name}`])),
      result: found.result,
    };
    const vague = { ...draft, expected_tool_calls: [call], first_user_query: "Please fill in that form for me." };
    const { rejected } = await write(order({ hold: 2 }), [{ domain: "travel", name: "forms", tools: [form] }], [vague]);
    expect(rejected?.stage).toBe("message_unclear");
  });
});

test("a decline task says the same words when no tool for the request is available", async () => {
  const flights: Toolset = { domain: "travel", name: "flights", tools: [findFlight] };
  const calls = [found, { name: "find_flight", arguments: { airport: "Oslo", to: "Bergen", day: "2027-03-02" } }];
  const names = (seed: number) => ["decline", seed];
  const drafts: Json[] = calls.map((call) => ({ ...draft, expected_tool_calls: [call] }));
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
