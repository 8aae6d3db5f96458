// Metrics of an evaluation, which belongs to no step: the simulator usage of its phases, and how its tasks were written; and how
// much of a phase is played.
import { type Writer, write } from "./lease.ts";
import type { RunRow } from "./run-row.ts";
import type { StoredMetrics } from "./steps.ts";
import type { Store } from "./store.ts";

/** Number of held-out tasks that have been played in a phase; null: in any. */
export function playedTasks(store: Store, run: RunRow, purpose: "evaluation" | "selection", phase: string | null): number {
  const count = store.database
    .prepare<[number, string, string | null], number>(
      `SELECT count(DISTINCT task.id) FROM trajectory JOIN task ON task.id = trajectory.task
       WHERE task.run = ? AND task.step = 0 AND task.purpose = ? AND trajectory.phase = ifnull(?, trajectory.phase)`,
    )
    .pluck()
    .get(run.id, purpose, phase);
  return count ?? 0;
}

/** Stores metrics of a phase ("tasks", "selection tasks" and "cell tasks": the writing of the tasks); an older value of the same name is replaced. */
export function recordEvaluation(writer: Writer, phase: string, metrics: StoredMetrics): void {
  write(writer, (database) => {
    const insert = database.prepare("INSERT OR REPLACE INTO evaluation_metric (run, phase, name, value) VALUES (?, ?, ?, ?)");
    for (const [name, value] of Object.entries(metrics))
      insert.run(writer.run.id, phase, name, Number.isFinite(value) ? value : null);
  });
}
