// What a tool answers to a call (tools.ts), and what the memory keeps of it (memory.ts).
import type { Fact } from "../rules/journal.ts";
import type { Failure, Refusal } from "../types.ts";

export type ToolAnswer = GivenAnswer | { readonly ok: false; readonly failure: Failure };

export interface GivenAnswer {
  readonly ok: true;
  readonly text: string;
  /** -1, 0 or 1. */
  readonly reward: number;
  /** What the journal keeps; an error is an answer, but not a fact about the world. */
  readonly fact: Fact | null;
  /** Why a rule refused the call, if one did. */
  readonly refused?: Refusal;
}
