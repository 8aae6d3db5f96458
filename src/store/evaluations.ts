// Numbers of an evaluation, which belongs to no step: what its phases asked of the simulator, and how its tasks were drawn.
import { type Writer, write } from "./lease.ts";
import type { Metrics } from "./steps.ts";

/** Stores metrics of a phase, "tasks" (the writing of them) among them; an older value of the same name is replaced. */
export function recordEvaluation(writer: Writer, phase: string, metrics: Metrics): void {
  write(writer, (database) => {
    const insert = database.prepare("INSERT OR REPLACE INTO evaluation_metric (run, phase, name, value) VALUES (?, ?, ?, ?)");
    for (const [name, value] of Object.entries(metrics))
      insert.run(writer.run.id, phase, name, Number.isFinite(value) ? value : null);
  });
}
