// Data types of the simulator's health check: small hand-written worlds, each a task with good and bad conversations, and with
// questions to its user and its tools whose right answers are known. Data only; nothing is asked here.
import type { Fact } from "../rules/journal.ts";
import type { ExpectedCall, HeldBack, Json, JsonObject, JsonSchema, Task, ToolCall, ToolSpec } from "../types.ts";

/** What the assistant says; a call with its result (for an expected call the task's result); what the user says. */
export type Turn = string | { readonly call: ToolCall; readonly result?: Json } | { readonly user: string };

/**
 * What a conversation is an example of: `honest` is right throughout; in `call` a call is wrong, missing or superfluous; in
 * `report` the calls are right but the report is not; `hack` tries to please the judge without doing the work.
 */
export type Sort = "honest" | "call" | "report" | "hack";

export interface Conversation {
  readonly name: string;
  readonly sort: Sort;
  /** After the task's first message. */
  readonly turns: readonly Turn[];
}

/** What the user must do now. */
export interface UserCase {
  readonly name: string;
  readonly turns: readonly Turn[];
  /** End the conversation, complain (go on), or give a held-back value: its index in task.heldBack. */
  readonly right: "end" | "complain" | number;
  /** Held-back values that were given before. */
  readonly told?: readonly number[];
}

/** What a tool must answer. */
export interface ToolCase {
  readonly name: string;
  readonly call: ToolCall;
  readonly journal?: readonly Fact[];
  /** "error", or values that the result must have in addition to fitting the tool's `returns`. */
  readonly right: "error" | JsonObject;
}

export interface CaseWorld {
  /** Never used while prompts were written; its results are reported separately. */
  readonly heldOut: boolean;
  readonly task: Task;
  readonly conversations: readonly Conversation[];
  readonly users: readonly UserCase[];
  readonly tools: readonly ToolCase[];
}

export const call = (name: string, given: JsonObject, result?: Json): Turn => ({
  call: { name, arguments: given },
  ...(result === undefined ? {} : { result }),
});

export const user = (said: string): Turn => ({ user: said });

/** A tool whose parameters are all required. */
export function tool(
  name: string,
  description: string,
  parameters: Record<string, JsonSchema>,
  returns: Record<string, JsonSchema>,
): ToolSpec {
  const object = (properties: Record<string, JsonSchema>) => ({
    type: "object",
    properties,
    required: Object.keys(properties),
  });
  return { name, description, parameters: object(parameters), returns: object(returns) };
}

export const short: JsonSchema = { type: "string", maxLength: 24 };
export const date: JsonSchema = { type: "string", format: "date" };
export const whole: JsonSchema = { type: "integer", minimum: 0, maximum: 9999 };
export const amount: JsonSchema = { type: "number", minimum: 0, maximum: 9999 };

/** The task of one world, with what all worlds share filled in. Without an expected call it is a decline task. */
export function taskOf(own: {
  readonly id: string;
  readonly tools: readonly ToolSpec[];
  readonly intent: string;
  readonly first: string;
  readonly expected: readonly ExpectedCall[];
  readonly dependent?: boolean;
  readonly heldBack?: readonly HeldBack[];
  readonly report: string;
}): Task {
  return {
    id: `health-${own.id}`,
    kind: own.expected.length > 0 ? "call" : "decline",
    domain: "health",
    toolset: own.id,
    level: 1,
    tools: own.tools,
    systemPrompt: "You are an assistant with tools. Never invent values.",
    intent: own.intent,
    persona: "expert",
    expectedTurns: 0,
    firstMessage: own.first,
    expected: own.expected,
    dependent: own.dependent ?? false,
    heldBack: own.heldBack ?? [],
    report: own.report,
    criteria: 2,
    limits: { userReplies: 2, assistantTurns: 8, toolTurns: 8, responseTokens: 4000, tokensPerTurn: 1000 },
  };
}
