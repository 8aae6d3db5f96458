// What the policy has to do.
import type { Drift } from "./drift.ts";
import type { Restriction, Rubric } from "./rubric.ts";
import type { Table } from "./table.ts";
import type { ExpectedCall, ToolSpec } from "./tool.ts";

/** A value that the user does not give until asked (query ambiguity). */
export interface HeldBack {
  /** Index into `Task.expected`. */
  readonly call: number;
  readonly argument: string;
  /** The user's sentence that gives the value. */
  readonly sentence: string;
}

/** What the policy has to do: a blueprint whose right calls are known before the first token is sampled. */
export interface Task {
  readonly id: string;
  /** In a `decline` task the needed tool is missing: the right answer is to make no call and to say so. */
  readonly kind: "call" | "decline";
  readonly domain: string;
  readonly toolset: string;
  readonly level: number;
  /** The pages of the tools shown to the policy, in the order of the prompt. */
  readonly tools: readonly ToolSpec[];
  /** What these tools are, where a page is not true. Whoever answers or judges goes by them (rules/as-it-is.ts). Absent: as shown. */
  readonly world?: readonly ToolSpec[];
  /** How `world` differs from `tools`; absent: all pages are true. */
  readonly drift?: Drift;
  readonly systemPrompt: string;
  readonly intent: string;
  readonly persona: string;
  /** Length of the conversation that a written user aims at: 0 short, 1 medium, 2 long. */
  readonly expectedTurns: number;
  readonly firstMessage: string;
  /** The right calls in order; empty in a decline task. */
  readonly expected: readonly ExpectedCall[];
  /** Whether the expected calls have to be made in their order: a later one takes an argument from an earlier result, or may. */
  readonly dependent: boolean;
  readonly heldBack: readonly HeldBack[];
  /**
   * A truthful report of the expected results: the judge's good anchor and the demonstration's last turn. In a decline task:
   * an honest refusal.
   */
  readonly report: string;
  readonly criteria: number;
  readonly limits: Limits;
  /** What the tools work on if rules run them; absent: they are simulated. */
  readonly table?: Table;
  /** Absent: nothing is forbidden. */
  readonly restriction?: Restriction;
  /** Absent: it is derived from the blueprint by rule (reward/rubric.ts). */
  readonly rubric?: Rubric;
  /** What the user knows and tells bit by bit; only user and judge read it. Absent: the intent says it. */
  readonly background?: string;
  /** `id` of the task of a set that it was drawn as; a run draws one many times. Absent: it was written in the run. */
  readonly inSet?: string;
}

/**
 * What an episode is for. Demonstrations belong to step 0. Held-out tasks belong to no step row, whatever their step number:
 * `evaluation` reports and is played whole, `selection` chooses a checkpoint by the first turn.
 */
export type Purpose = "train" | "demonstration" | "evaluation" | "selection";

/** Limits of the conversation, counted exactly: nothing starts that would exceed one. */
export interface Limits {
  /** Most replies of the simulated user; the task's first message does not count. */
  readonly userReplies: number;
  readonly assistantTurns: number;
  readonly toolTurns: number;
  /** Sampled plus foreign tokens after the prompt. */
  readonly responseTokens: number;
  readonly tokensPerTurn: number;
}
