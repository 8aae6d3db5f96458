// The stages of making a task for a persona, and what the loop (synthesize.ts) asks of the one who makes it. The loop itself stores
// the first and the last: the persona when its place is taken, the task when it is returned.
import type { Persona } from "../store/task-sets.ts";
import type { Json, Task } from "../types.ts";

export const stages = ["persona", "toolset", "task", "check", "solutions", "rubric", "kept"] as const;
export type Stage = (typeof stages)[number];

/** Why a persona's task goes no further: a code to count, and the reason in words. */
export interface Dropped {
  readonly dropped: string;
  readonly reason: string;
}

/** What a stage made, or why the persona is dropped. */
export type Staged = { readonly stage: Stage; readonly body: Json } | ({ readonly stage: Stage } & Dropped);

/**
 * Makes the task of one persona; `keep` gets each stage as soon as it is done; stages before a resume are in `done`.
 * Null: dropped, and `keep` has got the reason.
 */
export type Synthesise = (
  persona: Persona,
  place: { readonly position: number; readonly names: readonly (string | number)[] },
  done: ReadonlyMap<Stage, Json>,
  keep: (staged: Staged) => Promise<void>,
) => Promise<Task | null>;
