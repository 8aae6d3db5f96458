// Metrics of an evaluation, which belongs to no step: the simulator usage of its phases, and how its tasks were written.
import { type Writer, write } from "./lease.ts";
import type { StoredMetrics } from "./steps.ts";

/** Stores metrics of a phase ("tasks" is the writing of the tasks); an older value of the same name is replaced. */
export function recordEvaluation(writer: Writer, phase: string, metrics: StoredMetrics): void {
  write(writer, (database) => {
    const insert = database.prepare("INSERT OR REPLACE INTO evaluation_metric (run, phase, name, value) VALUES (?, ?, ?, ?)");
    for (const [name, value] of Object.entries(metrics))
      insert.run(writer.run.id, phase, name, Number.isFinite(value) ? value : null);
  });
}
