// The held-out tasks of a series that are not ready in the package: the simulator writes them before anything is played, and what
// that took is recorded beside the evaluations.
import { recordEvaluation } from "../../store/evaluations.ts";
import type { OrderSeries } from "../../tasks/orders.ts";
import { commit } from "../commit.ts";
import { simulatorMetrics } from "../metrics.ts";
import type { Session } from "../session.ts";
import { drawTasks, type Series } from "./series.ts";

export interface MissingTasks {
  readonly series: Omit<Series & OrderSeries, "names" | "step">;
  /** How many of them have no task yet; with 0 nothing is written. */
  readonly missing: number;
  /** For the progress line. */
  readonly text: string;
  /** Under which its metrics are recorded. */
  readonly phase: "tasks" | "selection tasks" | "cell tasks";
}

export async function writeHeldOut(session: Session, { series, missing, text, phase }: MissingTasks): Promise<void> {
  if (missing === 0) return;
  const { writer, usage } = session;
  session.progress({ kind: "phase", text });
  const before = { ...usage };
  const drawn = await drawTasks(session, { ...series, step: 0 });
  await commit(session, () => recordEvaluation(writer, phase, { ...drawn.metrics, ...simulatorMetrics(usage, before) }));
}
