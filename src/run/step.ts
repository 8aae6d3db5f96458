// The record of a step while it runs: its row in the store, the seconds of its parts, and its simulator usage.
import { openStep, openStepOf } from "../store/steps.ts";
import { commit } from "./commit.ts";
import type { Metrics } from "./metric-list.ts";
import { simulatorMetrics } from "./metrics.ts";
import type { RunState } from "./resume.ts";
import type { Session } from "./session.ts";

export interface StepRecord {
  /** Ends a part of the step; `name` is its metric, e.g. "time/tasks". */
  readonly lap: (name: string) => void;
  /** Seconds by part and in total, and the simulator usage since the step began in this process; memory, planned and used. */
  readonly metrics: () => Metrics;
}

/** Opens a step, or continues the one that is open. */
export async function beginStep(session: Session, step: number, { level, version }: RunState): Promise<StepRecord> {
  const { writer, usage, plan, engine } = session;
  const watch = stopwatch();
  const before = { ...usage };
  if (openStepOf(writer.store, writer.run) === null)
    await commit(session, () => openStep(writer, step, { level, policyVersion: version }));
  const memory = () => ({
    "engine/planned_mb": plan.engine.bytes / 1e6,
    "engine/used_mb": engine.memory() / 1e6,
    ...(plan.learner === null ? {} : { "learner/planned_mb": plan.learner.expected / 1e6 }),
  });
  return { lap: watch.lap, metrics: () => ({ ...simulatorMetrics(usage, before), ...memory(), ...watch.read() }) };
}

/** Seconds by lap, and their total as `step_time`. */
export function stopwatch(): { lap(name: string): void; read(): Metrics } {
  const started = performance.now();
  const laps: Record<string, number> = {};
  let last = started;
  return {
    lap: (name) => {
      laps[name] = (performance.now() - last) / 1000;
      last = performance.now();
    },
    read: () => ({ ...laps, step_time: (performance.now() - started) / 1000 }),
  };
}
