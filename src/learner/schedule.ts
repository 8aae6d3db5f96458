// The learning rate of a step, as a pure function of its number: a resumed run needs no scheduler's state to go on exactly.
// transformers' `lr_scheduler_type`, with one difference: its warm-up begins at 0, which here would waste minutes on a step
// that changes nothing. One step is one policy version; all of its mini-batches share the rate.
import type { Config, LrScheduler } from "../config/config.ts";

/** What is left of the rate at `progress` 0..1 of the way from the end of the warm-up. */
const decay: Readonly<Record<LrScheduler, (progress: number) => number>> = {
  constant: () => 1,
  linear: (progress) => 1 - progress,
  cosine: (progress) => (1 + Math.cos(Math.PI * progress)) / 2,
};

/**
 * Learning rate of `step` (1..steps). During `warmupSteps` it rises in equal parts, the step after them has the whole of it;
 * linear and cosine would reach 0 at the step after the last.
 */
export function learningRateAt(
  step: number,
  steps: number,
  { learningRate, lrSchedulerType, warmupSteps }: Pick<Config["learner"], "learningRate" | "lrSchedulerType" | "warmupSteps">,
): number {
  if (step <= warmupSteps) return (learningRate * step) / (warmupSteps + 1);
  return learningRate * decay[lrSchedulerType](Math.min(1, (step - 1 - warmupSteps) / Math.max(1, steps - warmupSteps)));
}
