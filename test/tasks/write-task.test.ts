import { describe, expect, test } from "vitest";
import type { ReplyRequest } from "../../src/llm/llm.ts";
import { difficulty } from "../../src/tasks/difficulty.ts";
import type { TaskOrder } from "../../src/tasks/orders.ts";
import { writeDraft } from "../../src/tasks/write-task.ts";
import { anyTools } from "../../src/tools/distractors.ts";
import type { Json, JsonObject, JsonSchema, ToolSpec, Toolset } from "../../src/types.ts";
import { bookSeats, findFlight, findTrain } from "../support/blueprint.ts";
import { stage } from "../support/stage.ts";
import { chained, order, trains } from "../support/task-order.ts";

const shape = (properties: Record<string, JsonSchema>): JsonSchema => ({
  type: "object",
  properties,
  required: Object.keys(properties),
});
const journey = { from: "Oslo", to: "Bergen", day: "2027-03-02" };
const filled = {
  arguments_1: journey,
  result_1: { train_id: "NT418", departs: "08:25" },
  arguments_2: { seats: 2 },
  result_2: { price: 184 },
};
const asksForCalls = (request: ReplyRequest) => "arguments_1" in (request.schema.properties as JsonObject);

/** Writes a draft with a simulator that fills in these values and then says these messages in turn (the last one again and again). */
async function write(own: TaskOrder, toolsets: readonly Toolset[], messages: readonly string[], values: JsonObject = filled) {
  let said = 0;
  const { simulator, asked } = stage({
    reply: (request): Json => {
      const wanted = Object.keys(request.schema.properties as JsonObject);
      if (asksForCalls(request)) return Object.fromEntries(wanted.map((name) => [name, values[name] ?? null]));
      return { message: messages[Math.min(said++, messages.length - 1)] ?? "" };
    },
  });
  const draft = await writeDraft(own, { toolsets, distractors: anyTools, simulator });
  const written = "task" in draft ? { ...draft, rejected: null } : { task: null, plainMessage: false, rejected: draft };
  return { ...written, asked: asked.replies };
}
const carrying = "Which train goes from Oslo to Bergen on March 2, 2027?";

describe("a task is written calls first", () => {
  test("the right call with its values and result, and a message that carries every value", async () => {
    const { task, rejected, asked } = await write(order(), [trains], [carrying]);
    expect(rejected).toBeNull();
    expect(asked).toHaveLength(2);
    expect(task).toMatchObject({
      kind: "call",
      domain: "travel",
      toolset: "trains",
      firstMessage: carrying,
      expected: [{ name: "find_train", arguments: journey, result: { train_id: "NT418", departs: "08:25" } }],
      dependent: false,
      heldBack: [],
      tools: [findTrain],
    });
    expect(task?.intent).toContain("from: Oslo; to: Bergen; day: 2027-03-02");
  });

  test("two calls side by side, with the values of both in the first message and nothing that depends on the other", async () => {
    const message = "Which train goes from Oslo to Bergen on March 2, 2027, and also from Narva to Tartu on March 5, 2027?";
    const values = { ...filled, arguments_2: { from: "Narva", to: "Tartu", day: "2027-03-05" }, result_2: filled.result_1 };
    const { task } = await write(order({ calls: 2, parallel: true }), [trains], [message], values);
    expect(task).toMatchObject({ firstMessage: message, dependent: false, heldBack: [], tools: [findTrain] });
    expect(task?.expected.map((call) => call.arguments)).toEqual([journey, values.arguments_2]);
    expect(task?.limits.toolTurns).toBeGreaterThanOrEqual(2); // one after the other is right as well
    expect(task?.intent).toContain(", and ");
    const same = await write(order({ calls: 2, parallel: true }), [trains], [message], { ...values, arguments_2: journey });
    expect(same.rejected).toMatchObject({ stage: "calls" });
  });

  test("a yes or a no is said, and not turned round", async () => {
    const tool: ToolSpec = { ...findTrain, parameters: shape({ to: { type: "string" }, needs_bike_space: { type: "boolean" } }) };
    const yes = "Please find me a train with bike space to Bergen.";
    const no = "Please find me a train without bike space to Bergen.";
    for (const [value, said] of [
      [true, yes],
      [false, no],
    ] as const) {
      const values = { ...filled, arguments_1: { to: "Bergen", needs_bike_space: value } };
      const { task, asked } = await write(
        order(),
        [{ ...trains, tools: [tool] }],
        ["Please find me a train to Bergen.", value ? no : yes, said],
        values,
      );
      expect([task?.firstMessage, asked.length]).toEqual([said, 4]);
    }
  });

  test("the simulator is asked for arguments and results under the tools' own schemas", async () => {
    const { asked } = await write(order(), [trains], [carrying]);
    expect(asked[0]?.schema).toEqual({
      type: "object",
      properties: {
        arguments_1: { type: "object", properties: findTrain.parameters.properties, required: ["from", "to", "day"] },
        result_1: findTrain.returns,
      },
      required: ["arguments_1", "result_1"],
    });
  });

  test("a dependent call takes its id from the first result, whose digits cannot be guessed", async () => {
    const message = "Which train goes between the cities Oslo and Bergen on March 2, 2027? Then book seats on it for 2.";
    const { task, plainMessage, asked } = await write(order({ calls: 2 }), [chained], [message]);
    expect([task?.firstMessage, plainMessage]).toEqual([message, false]);
    expect(JSON.stringify(asked[0]?.schema.properties)).not.toContain('"required":["train_id","seats"]');
    const id = (task?.expected[0]?.result as JsonObject | undefined)?.train_id;
    expect(id).toMatch(/^NT\d{3}$/);
    expect(task).toMatchObject({
      dependent: true,
      expected: [{ name: "find_train" }, { name: "book_seats", arguments: { train_id: id, seats: 2 } }],
    });
    expect(task?.report).toContain(String(id));
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, seed) => seed).map(
        async (seed) =>
          (await write(order({ calls: 2, names: [seed] }), [chained], [message])).task?.expected[1]?.arguments.train_id,
      ),
    );
    expect(new Set(ids).size).toBeGreaterThan(10);
  });

  test("echoes of the blueprint are put right by rule", async () => {
    const day = { type: "string", format: "date" };
    const dated: ToolSpec = {
      ...bookSeats,
      parameters: shape({ train_id: { type: "string" }, day }),
      returns: shape({ price: { type: "integer" }, day }),
    };
    const values = { ...filled, arguments_2: { day: "2027-03-02" }, result_2: { price: 200, day: "2027-03-05" } };
    const { task } = await write(order({ calls: 2 }), [{ ...chained, tools: [findTrain, dated] }], [carrying], values);
    expect(task?.expected[1]?.result).toEqual({ price: 200, day: "2027-03-02" });
  });

  test("a blueprint that states one fact in two ways is rejected with the reason", async () => {
    const look: ToolSpec = {
      ...findTrain,
      name: "get_train",
      parameters: shape({ train_id: { type: "string" } }),
      returns: shape({ departs: { type: "string", maxLength: 5 } }),
    };
    const values = { ...filled, arguments_2: {}, result_2: { departs: "09:25" } };
    const { task, rejected, asked } = await write(
      order({ calls: 2 }),
      [{ ...chained, tools: [findTrain, look] }],
      [carrying],
      values,
    );
    expect(task).toBeNull();
    expect(rejected?.reason).toMatch(/^contradicts what is known: departs of train_id=nt\d{3} is 09:25, it was 08:25$/);
    expect(asked).toHaveLength(3);
    const agreeing = { ...values, result_2: { departs: "08:25" } };
    expect(
      (await write(order({ calls: 2 }), [{ ...chained, tools: [findTrain, look] }], [carrying], agreeing)).task,
    ).not.toBeNull();
  });

  test("a value held back is absent from the message and given away by a sentence of its own", async () => {
    const said: Record<string, string> = {
      from: "Which train goes to Bergen on 2027-03-02?",
      to: "Which train leaves Oslo on 2027-03-02?",
      day: "Which train goes from Oslo to Bergen?",
    };
    // the draw decides which value is held back; only the message without that one is taken
    const { task, plainMessage } = await write(order({ hold: 1 }), [trains], Object.values(said));
    const [held, ...more] = task?.heldBack ?? [];
    expect([plainMessage, more]).toEqual([false, []]);
    expect(task?.firstMessage).toBe(said[held?.argument ?? ""]);
    const sentences = { from: "From: Oslo.", to: "To: Bergen.", day: "The day is 2027-03-02." };
    expect(held?.sentence).toBe(sentences[held?.argument as keyof typeof journey]);
  });

  test("a decline task withholds the needed tool, expects no call and ends in a refusal", async () => {
    // two toolsets of one tool each: whichever is needed, only the other one may be shown
    const flights: Toolset = { domain: "travel", name: "flights", tools: [findFlight] };
    const { task, asked } = await write(order({ decline: true, hold: 2, calls: 2 }), [trains, flights], [carrying]);
    expect(Object.keys(asked[0]?.schema.properties as JsonObject)).toEqual(["arguments_1"]); // no result is written
    expect(task).toMatchObject({ kind: "decline", expected: [], heldBack: [], dependent: false, firstMessage: carrying });
    expect(task?.tools.map(({ name }) => name)).toEqual([task?.toolset === "trains" ? "find_flight" : "find_train"]);
    expect(task?.report).toMatch(/finds a train between two cities\.$/);
    expect(task?.limits).toMatchObject({ userReplies: 1, assistantTurns: 2, toolTurns: 1 });
  });
});

describe("limits leave room for what the task needs, exactly", () => {
  test("one reply of the user at least, and a turn for each call, for the report and after each reply", async () => {
    const { task } = await write(order(), [trains], [carrying]);
    expect(task?.limits).toEqual({ userReplies: 1, assistantTurns: 3, toolTurns: 1, responseTokens: 500, tokensPerTurn: 100 });
    const hard = await write(
      order({ hold: 3, calls: 2, names: ["x"] }),
      [chained],
      ["Please find me a train and book it."],
      filled,
    );
    const asks = hard.task?.heldBack.length ?? 0;
    expect(hard.task?.limits ?? hard.rejected).toMatchObject({ userReplies: asks, assistantTurns: 1 + asks + 2, toolTurns: 2 });
  });

  test("and follow the level if it allows more", async () => {
    const { task } = await write(order({ aspects: difficulty(100) }), [trains], [carrying]);
    expect(task?.limits).toMatchObject({ userReplies: 3, assistantTurns: 6, toolTurns: 3 });
  });
});

describe("a message is asked for again when it", () => {
  const cases: [string, Partial<TaskOrder>, string][] = [
    ["lacks a value", {}, "Which train goes from Oslo on 2027-03-02?"],
    ["gives away a value held back", { hold: 3 }, "Which train goes to Bergen?"],
    ["names a tool", {}, `${carrying} Use find_train.`],
    ["speaks about the assistant", {}, `The assistant knows. ${carrying}`],
    ["is too short", { hold: 3 }, "Hi."],
    ["does not mention the request", { hold: 3 }, "I need to know how long this road goes on."],
    ["makes up a number", {}, `${carrying} We are 4.`],
    ["names another town in place of one held back", { hold: 3 }, "Which train goes to Hamar?"],
    ["breaks off", { hold: 3 }, "I want to know when a train leaves for the."],
    ["tells a story", { hold: 3 }, "The train has come a long way between two cities, and we are happy."],
    ["does the assistant's work", { hold: 3 }, "I'll find you a train. Do you need anything else?"],
    ["agrees to help", {}, `Sure, let me see. ${carrying}`],
    ["offers help", { hold: 3 }, "Is there a train that you're interested in?"],
    ["makes up a number in place of one held back", { hold: 3 }, "Which train goes on the 5th?"],
  ];

  test.each(cases)("%s, and the first one that is right is taken", async (_, change, message) => {
    const right = change.hold === undefined ? carrying : "Please find me a train.";
    const { task, plainMessage, asked } = await write(order(change), [trains], [message, message, right]);
    expect([task?.firstMessage, plainMessage]).toEqual([right, false]);
    expect(asked).toHaveLength(1 + 3);
    expect(new Set(asked.map(({ seed }) => seed)).size).toBe(4);
  });

  test("a message with more than three values is asked for once, then it is built by rule", async () => {
    const values = { ...filled, arguments_2: { from: "Narva", to: "Tartu", day: "2027-03-05" }, result_2: filled.result_1 };
    const { task, plainMessage, asked } = await write(order({ calls: 2, parallel: true }), [trains], ["A train."], values);
    expect([plainMessage, asked.length]).toEqual([true, 1 + 1]);
    // each request with its own values
    expect(task?.firstMessage).toMatch(/^Please .*\. From: Oslo; .*\. Also .*\. From: Narva; to: Tartu; day: 2027-03-05\.$/);
  });

  test.each(cases)("%s three times, then it is built by rule, and the draft says so", async (_, change, message) => {
    const { task, plainMessage, rejected, asked } = await write(order(change), [trains], [message]);
    expect([plainMessage, rejected]).toEqual([true, null]);
    expect(asked).toHaveLength(1 + 3);
    const values = Object.values(journey).filter((value) => task?.firstMessage.includes(value));
    expect(values).toHaveLength(3 - (change.hold ?? 0));
    expect(task?.firstMessage).toMatch(/^Please finds a train between two cities/);
  });
});

describe.each<[string, (choice: JsonSchema) => JsonSchema]>([
  ["a choice", (choice) => choice],
  ["a choice or null", (choice) => ({ anyOf: [choice, { type: "null" }] })],
])("a task with %s that nobody makes", (_, spelled) => {
  const find: ToolSpec = {
    name: "find_recipe",
    description: "Finds a recipe for a dish.",
    parameters: {
      type: "object",
      properties: {
        dish: { type: "string" },
        diet: spelled({ enum: ["vegan", "vegetarian"] }),
        tags: { type: "array", items: { type: "string" } },
        gluten_free: spelled({ type: "boolean" }),
      },
      required: ["dish"],
    },
    returns: shape({ title: { type: "string" } }),
  };
  const values = { arguments_1: { dish: "Lasagne", tags: [] }, result_1: { title: "Lasagne" } };
  const plain = "Can you find a recipe for Lasagne?";

  test("takes no message that asks for one, and calls without a list that is empty", async () => {
    const messages = ["Can you find a vegan recipe for Lasagne?", "Can you find a gluten free recipe for Lasagne?", plain];
    const tasks = await Promise.all(
      Array.from({ length: 30 }, async (_, seed) => {
        const made = await write(order({ names: ["choice", seed] }), [{ ...trains, tools: [find] }], messages, values);
        return made.task;
      }),
    );
    const bare = tasks.filter((task) => Object.keys(task?.expected[0]?.arguments ?? {}).join() === "dish");
    expect(bare.length).toBeGreaterThan(0);
    for (const task of bare) expect(task?.firstMessage).toBe(plain);
    for (const task of tasks) expect(task?.expected[0]?.arguments ?? {}).not.toHaveProperty("tags");
  });
});

describe("a value held back is not told by another one", () => {
  const hotel = (properties: Record<string, JsonSchema>, name = "find_hotel"): ToolSpec => ({
    ...{ name, description: "Finds a hotel for some nights.", parameters: shape(properties) },
    returns: shape({ hotel_id: { type: "string" } }),
  });
  const number = { type: "integer" };

  test("of the same number: such values are asked for again", async () => {
    const values = { arguments_1: { guests: 2, nights: 2 }, result_1: { hotel_id: "HT418" } };
    const tools = [hotel({ guests: number, nights: number })];
    const { rejected } = await write(order({ hold: 1 }), [{ ...trains, tools }], ["A hotel for 2 nights."], values);
    expect(rejected?.reason).toMatch(/^another value gives away (guests|nights)$/);
  });

  test("in another form: such a form is not used", async () => {
    const values = { arguments_1: { guests: 5, day: "2027-03-05" }, result_1: { hotel_id: "HT418" } };
    const tools = [hotel({ guests: number, day: { type: "string", format: "date" } })];
    const said = ["Can you find a hotel on March 5, 2027?", "Can you find a hotel on 2027-03-05?", "Can you find a hotel for 5?"];
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const { task } = await write(order({ hold: 1, names: [seed] }), [{ ...trains, tools }], said, values);
      const first = { guests: "Can you find a hotel on 2027-03-05?", day: "Can you find a hotel for 5?" };
      expect(task?.firstMessage).toBe(first[task?.heldBack[0]?.argument as keyof typeof first]);
    }
  });

  test("and the simulator is not asked to use a form that tells it", async () => {
    const values = { arguments_1: { guests: 5, day: "2027-03-05" }, result_1: { hotel_id: "HT418" } };
    const tools = [hotel({ guests: number, day: { type: "string", format: "date" } })];
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const { task, asked } = await write(order({ hold: 1, names: [seed] }), [{ ...trains, tools }], ["A hotel."], values);
      const withheld = task?.heldBack[0]?.argument;
      expect(JSON.stringify(asked[1]?.schema)).toContain(withheld === "guests" ? "2027-03-05" : "five");
      expect(JSON.stringify(asked[1]?.schema)).not.toContain("March");
    }
  });

  test("nor by a later call that takes it too", async () => {
    const dated = hotel({ day: { type: "string", format: "date" } });
    const book: ToolSpec = {
      ...dated,
      name: "book_hotel",
      parameters: shape({ ...(dated.parameters.properties as Record<string, JsonSchema>), hotel_id: { type: "string" } }),
    };
    const given = { day: "2027-03-05" };
    const values = { arguments_1: given, result_1: { hotel_id: "HT418" }, arguments_2: given, result_2: { hotel_id: "HT418" } };
    const { task } = await write(order({ hold: 1, calls: 2 }), [{ ...trains, tools: [dated, book] }], ["A hotel."], values);
    expect(task?.heldBack).toMatchObject([{ call: 0, argument: "day" }]);
    expect(task?.firstMessage).not.toMatch(/2027|March|day/);
    expect(task?.expected[1]?.arguments).toMatchObject(given);
  });
});

test("a message that gives a held-back value away in lower case is asked for again", async () => {
  const find: ToolSpec = {
    name: "find_recipe",
    description: "Finds a recipe for a dish.",
    parameters: shape({ dish: { type: "string" } }),
    returns: shape({ title: { type: "string" } }),
  };
  const values = { arguments_1: { dish: "Mushroom risotto" }, result_1: { title: "Risotto" } };
  const right = "Please find me a recipe for tonight.";
  const messages = ["Please find me a recipe for mushroom risotto.", right];
  const { task, asked } = await write(order({ hold: 1 }), [{ ...trains, tools: [find] }], messages, values);
  expect([task?.firstMessage, asked.length]).toEqual([right, 3]);
});

test("a message that says another option instead of the held-back one is asked for again", async () => {
  const color = { type: "string", enum: ["red", "blue", "green"] };
  const lamp: ToolSpec = {
    name: "color_lamp",
    description: "Sets the color of a lamp.",
    parameters: shape({ color }),
    returns: shape({ status: color }),
  };
  const lamps = { ...trains, tools: [lamp] };
  const values = { arguments_1: { color: "red" }, result_1: { status: "red" } };
  const right = "Please change the color of my lamp.";
  const { task, asked } = await write(order({ hold: 1 }), [lamps], ["Please make my lamp's color blue.", right], values);
  expect([task?.firstMessage, task?.heldBack.length, asked.length]).toEqual([right, 1, 3]);
});

describe("a draft whose calls fail", () => {
  test.each<[string, JsonObject, RegExp]>([
    [
      "break a tool's schema",
      { ...filled, arguments_1: { ...journey, day: "tomorrow" } },
      /^property 'arguments_1\.day' must be a date/,
    ],
    ["leave an argument empty", { ...filled, arguments_1: { ...journey, to: " " } }, /^an argument is empty or cut$/],
    ["break off in an argument", { ...filled, arguments_1: { ...journey, to: "Bergen (" } }, /^an argument is empty or cut$/],
    ["have no result", { ...filled, result_1: null }, /^property 'result_1' must be an object$/],
  ])("because they %s is a rejection with its reason", async (_, values, reason) => {
    const { task, rejected, plainMessage, asked } = await write(order(), [trains], [carrying], values);
    expect([task, plainMessage]).toEqual([null, false]);
    expect(rejected).toEqual({ stage: "calls", reason: expect.stringMatching(reason) });
    expect(asked).toHaveLength(3); // no message is asked for
  });

  test("because the simulator is late is a rejection, too; cancelling throws", async () => {
    const never = { reply: () => new Promise<never>(() => {}) };
    const writing = { toolsets: [trains], distractors: anyTools };
    const late = await writeDraft(order(), { ...writing, simulator: stage(never, { tries: 1, deadlineMs: 1 }).simulator });
    expect(late).toEqual({ stage: "calls", reason: expect.stringContaining("gave up after 1 ms") });
    const cancelled = writeDraft(order(), { ...writing, simulator: stage(never, { signal: AbortSignal.abort() }).simulator });
    await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
  });
});

test("the same names write the same task, and different tasks have different ids", async () => {
  const first = await write(order(), [trains], [carrying]);
  expect((await write(order(), [trains], [carrying])).task).toEqual(first.task);
  const other = await write(order({ names: ["run", "task", 1] }), [trains], [carrying]);
  expect(other.task?.id).not.toBe(first.task?.id);
});
