// The scores of a run as `train` prints them at its end: rows of the views step_summary, held_out and evaluation_by_tools.
import type { RunRow } from "./run-row.ts";
import type { Store } from "./store.ts";

/** Values by column name. */
export type Scores = Readonly<Record<string, number | string | null>>;

/** One row per step, in order. */
export function stepScores(store: Store, run: RunRow): readonly Scores[] {
  return store.database
    .prepare<[string], Scores>(
      "SELECT step, level, reward_mean, reward_std, trajectories, aborted, policy_version, seconds FROM step_summary WHERE run = ? ORDER BY step",
    )
    .all(run.name);
}

/** The outcome of one held-out task under one policy. */
export interface Outcome {
  /** The checkpoint that played it; null: the base before a warm-up. */
  readonly step: number | null;
  /** The task's place; the same in every phase. */
  readonly position: number;
  /** Of the task. */
  readonly kind: string;
  /** 1 if every rule was met, else 0. */
  readonly success: 0 | 1;
}

/** What the tasks that report gave, by every policy that played them: judged episodes, by place. Without those in cells. */
export function heldOutOutcomes(store: Store, run: Pick<RunRow, "name">): readonly Outcome[] {
  return store.database
    .prepare<[string], Outcome>(
      `SELECT step, position, kind, success FROM held_out
       WHERE run = ? AND purpose = 'evaluation' AND cell IS NULL AND reward IS NOT NULL ORDER BY position, step`,
    )
    .all(run.name);
}

/** What the tasks in cells gave (config evaluation.perCell), by step and cell; empty without cells. */
export function scoresByTools(store: Store, run: Pick<RunRow, "name">): readonly Scores[] {
  return store.database
    .prepare<[string], Scores>(
      `SELECT phase, cell, tasks, solved, solved_low, solved_high, success, harm, harm_low, harm_high, trials
       FROM evaluation_by_tools WHERE run = ? ORDER BY step, cell`,
    )
    .all(run.name);
}

/** Row id of the newest trajectory of training or warm-up; null if there is none. */
export function newestTrajectory(store: Store, run: RunRow): number | null {
  return (
    store.database
      .prepare<[string], number | null>("SELECT max(id) FROM trajectory_summary WHERE run = ?")
      .pluck()
      .get(run.name) ?? null
  );
}
