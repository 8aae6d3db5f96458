// Which checkpoint is the best one: read from the stored first turns of the tasks that choose, never stored itself.
import { type Checkpoint, listCheckpoints } from "./checkpoints.ts";
import type { RunRow } from "./run-row.ts";
import type { Store } from "./store.ts";

/** Shares of right first turns of one step's policy, by what the task asks for; null if no task asks for it. */
export interface SelectionScore {
  readonly step: number;
  readonly tasks: number;
  readonly call: number | null;
  readonly decline: number | null;
  readonly ask: number | null;
  /** Mean of the three; null if all turns were aborted. */
  readonly score: number | null;
}

/** Scores of the steps whose first turns are all played, in the order of the steps. */
export function selectionScores(store: Store, run: Pick<RunRow, "name">): readonly SelectionScore[] {
  return store.database
    .prepare<[string], SelectionScore>(
      "SELECT step, tasks, call, decline, ask, score FROM selection_summary WHERE run = ? ORDER BY step",
    )
    .all(run.name);
}

/** Differences below this are rounding. */
const rounding = 1e-9;

/**
 * The checkpoint with the highest selection score, the earlier one of equals. Without scores it is the last one, and null before
 * the first.
 */
export function bestCheckpoint(store: Store, run: Pick<RunRow, "id" | "name">): Checkpoint | null {
  const checkpoints = listCheckpoints(store, run);
  const scores = new Map(selectionScores(store, run).map(({ step, score }) => [step, score]));
  let best: { readonly checkpoint: Checkpoint; readonly score: number } | null = null;
  for (const checkpoint of checkpoints.toReversed()) {
    const score = scores.get(checkpoint.step) ?? null;
    if (score !== null && (best === null || score > best.score + rounding)) best = { checkpoint, score };
  }
  return best?.checkpoint ?? checkpoints[0] ?? null;
}
