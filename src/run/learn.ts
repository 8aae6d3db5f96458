// One learner call for one step: mini-batches of whole groups in, metrics out. With a KL term dead groups stay in the update,
// as published; without one they and all samples of advantage 0 carry no signal and are left out (departs; trl#6367 has
// measurements). If no group is left, the sampler-learner gap is still measured.
import type { Config } from "../config/config.ts";
import { trainingSamples } from "../learner/batch.ts";
import type { LearnerSample } from "../learner/learner.ts";
import { policyLoss } from "../learner/losses.ts";
import { assertSameIds } from "../learner/same-ids.ts";
import { isJudged, learntMembers, type ScoredGroup } from "../reward/assign.ts";
import { fitsMemory, leftOut } from "./left-out.ts";
import type { Metrics } from "./metric-list.ts";
import { gapMetrics } from "./metrics.ts";
import type { Session } from "./session.ts";

/** The parts of a session that learning needs. */
type Trainer = Pick<Session, "config" | "learner" | "plan" | "progress">;

/**
 * Trains on the groups that carry a signal.
 * @param sampled the step, and the temperature at which its groups were sampled
 */
export async function learn(
  session: Trainer,
  groups: readonly ScoredGroup[],
  { step, temperature }: { readonly step: number; readonly temperature: number },
): Promise<Metrics> {
  const { config } = session;
  const { klCoef } = config.learner;
  const rate = rateOf(config, step);
  const learnt = groups
    .filter((group) => klCoef > 0 || !group.dead)
    .map((group) => {
      const carries = ({ advantages }: LearnerSample) => klCoef > 0 || advantages.some((one) => one !== 0);
      const episodes = episodesOf(group).map((samples) => samples.filter(carries));
      return { index: group.index, episodes: episodes.filter((samples) => samples.length > 0) };
    });
  const tooLong = learnt.flatMap(({ episodes }) => episodes).filter((samples) => !fitsMemory(session, samples)).length;
  const trained = learnt
    .map(({ index, episodes }): Learnt => ({ index, samples: episodes.filter((samples) => fitsMemory(session, samples)).flat() }))
    .filter(({ samples }) => samples.length > 0);
  const learned =
    trained.length === 0
      ? { skipped_steps: 1, ...(await measureGap(session, groups, temperature)) }
      : await update(session, trained, temperature, rate);
  return {
    ...{ ...learned, ...raiseAlarm(session, learned, step), ...leftOut(session, tooLong, step) },
    learning_rate: rate,
  };
}

/** The learning rate of a step, from 1; a linear one falls from the config's rate in the first step towards 0 after the last. */
function rateOf({ learner: { learningRate, schedule }, steps }: Config, step: number): number {
  return schedule === "constant" ? learningRate : learningRate * Math.max(0, 1 - (step - 1) / steps);
}

/** What is learnt of a group, under the index of its task. */
interface Learnt {
  readonly index: number;
  readonly samples: readonly LearnerSample[];
}

/**
 * One update over mini-batches of `tasksPerMinibatch` tasks: those drawn side by side, also if one of them is left out, so that a
 * call stays with its twin.
 */
async function update(
  { config, learner }: Trainer,
  groups: readonly Learnt[],
  temperature: number,
  learningRate: number,
): Promise<Metrics> {
  const { tasksPerMinibatch: size } = config.learner;
  const numberOf = ({ index }: Learnt) => Math.floor(index / size);
  const numbers = [...new Set(groups.map(numberOf))];
  const minibatches = numbers.map((number) => joined(groups.filter((group) => numberOf(group) === number)));
  const request = { minibatches, loss: policyLoss(config, temperature), learningRate };
  const reply = await learner.update(request);
  assertSameIds(request, reply);
  return reply.metrics;
}

/** The samples of a mini-batch's groups. Rollout numbers are unique within a group and made unique within the mini-batch. */
function joined(groups: readonly Learnt[]): LearnerSample[] {
  return groups.flatMap(({ samples }, index) =>
    samples.map((sample) => ({ ...sample, rollout: index + groups.length * (sample.rollout ?? 0) })),
  );
}

/**
 * The samples of each judged member and of the guide; the others are failures of the world and are left out of the KL too.
 * // [episode][sample]
 */
function episodesOf(group: ScoredGroup): LearnerSample[][] {
  return learntMembers(group).map(({ trajectory, advantages }, member) =>
    isJudged(trajectory) ? trainingSamples(trajectory, advantages).map((sample) => ({ ...sample, rollout: member })) : [],
  );
}

/** Warns if sampler and learner differ on too many tokens for importance weights to correct. */
function raiseAlarm({ config, progress }: Trainer, metrics: Metrics, step: number): Metrics {
  const outside = metrics["sampling/ratio_out_of_band"];
  if (outside === undefined) return {};
  const alarm = outside > config.learner.gapAlarm;
  if (alarm) {
    const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
    const text = `sampler and learner differ: ${percent(outside)} of the tokens have an importance ratio outside 0.9..1.1 (learner.gapAlarm: ${percent(config.learner.gapAlarm)}). Check that both use the same adapter; if they do, use a less quantised policy.`;
    progress({ kind: "warning", text, step });
  }
  return { "sampling/gap_alarm": Number(alarm) };
}

async function measureGap(session: Trainer, groups: readonly ScoredGroup[], temperature: number): Promise<Metrics> {
  const fitting = groups.flatMap(episodesOf).filter((samples) => fitsMemory(session, samples));
  const sample = fitting.flat().find(({ guide }) => guide !== true);
  if (!sample) return {};
  const [old = []] = await session.learner.logprobs([sample.ids], "policy", temperature);
  return gapMetrics(
    sample.mask.flatMap((trained, index) =>
      trained === 1 ? [{ old: old[index] ?? Number.NaN, behaviour: sample.logprobs[index] ?? Number.NaN }] : [],
    ),
  );
}
