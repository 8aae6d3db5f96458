// One learner call for one step: mini-batches of whole groups in, metrics out. When every group is dead nothing is trained,
// but the sampler-learner gap is still measured on one episode: it is a metric of every step.
import { trainingSamples } from "./learner/batch.ts";
import { gapMetrics, type Metrics } from "./metrics.ts";
import type { ScoredGroup } from "./reward/assign.ts";
import type { Session } from "./session.ts";
import type { TrainingSample } from "./types.ts";

/**
 * Trains on the groups that carry a signal; the others stay out of loss and denominator.
 * @param temperature the one that the groups were sampled at
 */
export async function learn(session: Session, groups: readonly ScoredGroup[], temperature: number): Promise<Metrics> {
  const { config, learner } = session;
  const alive = groups.filter((group) => !group.dead).map(samplesOf);
  if (alive.flat().length === 0) return { skipped_steps: 1, ...(await measureGap(session, groups, temperature)) };
  const { tasksPerMinibatch, clipLow, clipHigh, klCoef, importanceCap, learningRate } = config.learner;
  const minibatches: TrainingSample[][] = [];
  for (let first = 0; first < alive.length; first += tasksPerMinibatch)
    minibatches.push(alive.slice(first, first + tasksPerMinibatch).flat());
  const { metrics } = await learner.update({
    minibatches,
    loss: { kind: "grpo", clipLow, clipHigh, klCoef, importanceCap, temperature },
    learningRate,
  });
  return metrics;
}

function samplesOf(group: ScoredGroup): TrainingSample[] {
  return group.trajectories.flatMap((trajectory, member) => trainingSamples(trajectory, group.advantages[member] ?? []));
}

async function measureGap(session: Session, groups: readonly ScoredGroup[], temperature: number): Promise<Metrics> {
  const sample = groups.flatMap(samplesOf)[0];
  if (!sample) return {};
  const [old = []] = await session.learner.logprobs([sample.ids], "policy", temperature);
  return gapMetrics(
    sample.mask.flatMap((trained, index) =>
      trained === 1 ? [{ old: old[index] ?? Number.NaN, behaviour: sample.logprobs[index] ?? Number.NaN }] : [],
    ),
  );
}
