// Tools and calls.
import type { Json, JsonObject, JsonSchema } from "./json.ts";

/** A function the policy may call. `returns` is for the world only; the policy never sees it. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
  /** Shape of a successful result. Tools without one are simulated as free JSON objects. */
  readonly returns?: JsonSchema;
}

/** A named set of tools that belong together; the unit that is held out for evaluation. */
export interface Toolset {
  readonly domain: string;
  readonly name: string;
  readonly tools: readonly ToolSpec[];
}

export interface ToolCall {
  readonly name: string;
  readonly arguments: JsonObject;
}

/** A call that the policy made in an episode. */
export interface MadeCall extends ToolCall {
  /** Why a rule of the world refused it; absent if it was executed or never answered. */
  readonly refused?: Refusal;
}

/** An expected call of a blueprint with the result that the world gives for it. */
export interface ExpectedCall extends ToolCall {
  readonly result: Json;
}

/**
 * Why a rule refused a call of the policy; the call never reaches a model. `failed`: a table gave an error
 * (rules/table.ts); `no_trial`: no trial is left, or the execution has begun.
 */
export type Refusal = "unknown_tool" | "wrong_arguments" | "invented_id" | "failed" | "too_many" | "malformed" | "no_trial";
