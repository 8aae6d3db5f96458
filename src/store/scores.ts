// The scores of a run as `train` prints them at its end: rows of the views step_summary and evaluation_summary.
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

/** One row per kind of held-out task and phase, phases in the order in which they were played. */
export function evaluationScores(store: Store, run: RunRow): readonly Scores[] {
  return store.database
    .prepare<[string], Scores>(
      "SELECT phase, kind, tasks, success, reward_mean FROM evaluation_summary WHERE run = ? ORDER BY kind, CASE phase WHEN 'base' THEN 0 WHEN 'warmup' THEN 1 ELSE 2 END, length(phase), phase",
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
