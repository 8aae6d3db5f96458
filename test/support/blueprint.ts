// A small world for tests of episodes: two tools, of which the second needs an id that the first returns, and a task with
// its right calls. Written by hand.
import { formatToolCall } from "../../src/llm/text/tool-call.ts";
import type { ExpectedCall, Task, ToolCall, ToolSpec } from "../../src/types.ts";

export const findTrain: ToolSpec = {
  name: "find_train",
  description: "Finds a train between two cities.",
  parameters: {
    type: "object",
    properties: { from: { type: "string" }, to: { type: "string" }, day: { type: "string", format: "date" } },
    required: ["from", "to", "day"],
  },
  returns: {
    type: "object",
    properties: { train_id: { type: "string", maxLength: 8 }, departs: { type: "string", maxLength: 5 } },
    required: ["train_id", "departs"],
  },
};

/** Needs a value that `findTrain` does not take, and does not need one of its own: neither can serve in the other's place. */
export const findFlight: ToolSpec = {
  ...findTrain,
  name: "find_flight",
  parameters: {
    type: "object",
    properties: { airport: { type: "string" }, to: { type: "string" }, day: { type: "string", format: "date" } },
    required: ["airport", "to", "day"],
  },
};

export const bookSeats: ToolSpec = {
  name: "book_seats",
  description: "Books seats on a train.",
  parameters: {
    type: "object",
    properties: { train_id: { type: "string" }, seats: { type: "integer", minimum: 1, maximum: 9 } },
    required: ["train_id", "seats"],
  },
  returns: { type: "object", properties: { price: { type: "number", minimum: 1, maximum: 999 } }, required: ["price"] },
};

export const found: ExpectedCall = {
  name: "find_train",
  arguments: { from: "Oslo", to: "Bergen", day: "2027-03-02" },
  result: { train_id: "NT418", departs: "08:25" },
};

export const booked: ExpectedCall = {
  name: "book_seats",
  arguments: { train_id: "NT418", seats: 2 },
  result: { price: 184 },
};

/** A call task: find a train; the first message gives every value. Limits are large; a test lowers the one it is about. */
export function blueprint(change: Partial<Task> = {}): Task {
  return {
    id: "trains-1",
    kind: "call",
    domain: "travel",
    toolset: "trains",
    level: 1,
    tools: [findTrain, bookSeats],
    systemPrompt: "You help travellers.",
    intent: "find a train (from Oslo; to Bergen; day 2027-03-02)",
    persona: "expert",
    expectedTurns: 0,
    firstMessage: "Which train goes from Oslo to Bergen on 2027-03-02?",
    expected: [found],
    dependent: false,
    heldBack: [],
    report: "Here it is: the train id is NT418, the departs is 08:25.",
    criteria: 1,
    limits: { userReplies: 0, assistantTurns: 8, toolTurns: 8, responseTokens: 5000, tokensPerTurn: 1000 },
    ...change,
  };
}

/** Find a train, then book two seats on it: the second call needs the first one's id. */
export function chain(change: Partial<Task> = {}): Task {
  return blueprint({
    expected: [found, booked],
    dependent: true,
    report: "Done. Train ID: NT418; departs: 08:25; price: 184.",
    ...change,
  });
}

/** Two trains that have nothing to do with each other: one tool with two sets of values. */
export function parallel(change: Partial<Task> = {}): Task {
  const other: ExpectedCall = {
    name: "find_train",
    arguments: { from: "Narva", to: "Tartu", day: "2027-03-05" },
    result: { train_id: "NT777", departs: "11:40" },
  };
  return blueprint({
    firstMessage: "Which trains go from Oslo to Bergen on 2027-03-02, and from Narva to Tartu on 2027-03-05?",
    expected: [found, other],
    report: "NT418 leaves at 08:25, and NT777 at 11:40.",
    ...change,
  });
}

/** The needed tool is withheld: the right episode has no calls. */
export function declined(change: Partial<Task> = {}): Task {
  return blueprint({ kind: "decline", tools: [bookSeats], expected: [], report: "I have no tool to find trains.", ...change });
}

export function limits(change: Partial<Task["limits"]>): Task["limits"] {
  return { ...blueprint().limits, ...change };
}

/** A turn that makes these calls, as a Hermes policy writes it. */
export function says(...calls: readonly ToolCall[]): string {
  return calls.map(({ name, arguments: given }) => formatToolCall({ name, arguments: given }, "hermes")).join("\n");
}
