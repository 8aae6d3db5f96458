// One learner call for one step: mini-batches of whole groups in, metrics out. When every group is dead nothing is trained,
// but the sampler-learner gap is still measured on one episode: it is a metric of every step.
import { PlayactError } from "./errors.ts";
import { trainedPart, trainingSamples } from "./learner/batch.ts";
import type { UpdateReply, UpdateRequest } from "./learner/learner.ts";
import { gapMetrics, type Metrics } from "./metrics.ts";
import type { ScoredGroup } from "./reward/assign.ts";
import type { Session } from "./session.ts";
import { tokenDigest } from "./token-digest.ts";
import type { TrainingSample } from "./types.ts";

/** Trains on the groups that carry a signal; the others stay out of loss and denominator. */
export async function learn(session: Session, groups: readonly ScoredGroup[]): Promise<Metrics> {
  const { config, learner } = session;
  const alive = groups.filter((group) => !group.dead).map(samplesOf);
  if (alive.flat().length === 0) return { skipped_steps: 1, ...(await measureGap(session, groups)) };
  const { tasksPerMinibatch, clipLow, clipHigh, klCoef, importanceCap, learningRate } = config.learner;
  const minibatches: TrainingSample[][] = [];
  for (let first = 0; first < alive.length; first += tasksPerMinibatch)
    minibatches.push(alive.slice(first, first + tasksPerMinibatch).flat());
  const request: UpdateRequest = {
    minibatches,
    loss: { kind: "grpo", clipLow, clipHigh, klCoef, importanceCap, temperature: config.rollout.temperature },
    learningRate,
  };
  const reply = await learner.update(request);
  assertSameIds(request, reply);
  return reply.metrics;
}

/**
 * The learner's tensors held exactly the ids that were sampled: its digests are those of the samples.
 * @throws PlayactError("learner") where one differs; what was trained then is not what the policy said.
 */
export function assertSameIds({ minibatches }: UpdateRequest, { digests }: UpdateReply): void {
  const samples = minibatches.flat();
  const bad = samples.findIndex((sample, at) => tokenDigest(trainedPart(sample)) !== digests[at]);
  if (bad < 0 && digests.length === samples.length) return;
  throw new PlayactError(
    "learner",
    `The learner trained on other token ids than were sampled (sample ${bad} of ${samples.length}). The update is not saved; resume the run, and if this repeats report it.`,
  );
}

function samplesOf(group: ScoredGroup): TrainingSample[] {
  return group.trajectories.flatMap((trajectory, member) => trainingSamples(trajectory, group.advantages[member] ?? []));
}

async function measureGap(session: Session, groups: readonly ScoredGroup[]): Promise<Metrics> {
  const sample = groups.flatMap(samplesOf)[0];
  if (!sample) return {};
  const [old = []] = await session.learner.logprobs([sample.ids], "policy", session.config.rollout.temperature);
  return gapMetrics(
    sample.mask.flatMap((trained, index) =>
      trained === 1 ? [{ old: old[index] ?? Number.NaN, behaviour: sample.logprobs[index] ?? Number.NaN }] : [],
    ),
  );
}
