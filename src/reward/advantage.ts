// Rewards of one group -> one advantage per turn: TGRPO of TRUSTEE (arXiv 2604.17739). Numbers only, no I/O.
// Not here: spreading a turn's number over its tokens (learner/batch.ts). Departs only in that the default mode is
// `uniform` everywhere; the paper's code falls back to `relu` when no mode is set.
import type { AdvantageMode } from "../config.ts";

/** One rollout of a group as the advantage sees it. */
export interface RewardedRollout {
  /** Outcome reward of the episode. Not read when aborted. */
  readonly reward: number;
  /** Tool or user reward of each assistant turn, -1..1; 0 where nobody judged it. // [turn] */
  readonly turnRewards: readonly number[];
  readonly aborted: boolean;
}

export interface AdvantageOptions {
  readonly mode: AdvantageMode;
  /** Divide by the group's standard deviation; false only subtracts the mean. */
  readonly normalizeStd: boolean;
}

/** Added to the standard deviation, as published. */
const epsilon = 1e-6;

/**
 * How the group-normalised outcome A and a turn's reward r make the turn's advantage.
 * `relu` and `linear` are kept as published: they multiply A by r, so a bad turn (r < 0) of a bad episode (A < 0) gets
 * a POSITIVE advantage and is reinforced. `sign` and `sign-linear` do not do this.
 */
const turnAdvantage: Readonly<Record<AdvantageMode, (outcome: number, turnReward: number) => number>> = {
  uniform: (outcome) => outcome,
  sign: (outcome, turnReward) => (turnReward * outcome > 0 ? outcome : 0),
  "sign-linear": (outcome, turnReward) => (outcome * (outcome > 0 ? 1 + turnReward : 1 - turnReward)) / 2,
  relu: (outcome, turnReward) => Math.max(0, outcome * turnReward),
  linear: (outcome, turnReward) => outcome * turnReward,
};

/**
 * TGRPO advantages of one group (arXiv 2604.17739). The outcome rewards of the rollouts that were not aborted are
 * centred on their mean and divided by their SAMPLE standard deviation (n - 1) + 1e-6; a lone survivor keeps its raw
 * reward (mean 0, deviation 1); aborted rollouts get zeros and stay out of the statistics.
 * @returns one number per turn of each rollout // [rollout][turn]
 * @throws RangeError for a reward that is not finite: it would poison every rollout of the group
 */
export function advantages(rollouts: readonly RewardedRollout[], options: AdvantageOptions): number[][] {
  rollouts.forEach(refuseNonFinite);
  const rewards = rollouts.filter((rollout) => !rollout.aborted).map((rollout) => rollout.reward);
  const { mean, deviation } = statistics(rewards);
  const scale = options.normalizeStd && rewards.length > 1 ? deviation + epsilon : 1;
  const weigh = turnAdvantage[options.mode];
  return rollouts.map(({ reward, turnRewards, aborted }) => {
    if (aborted) return turnRewards.map(() => 0);
    const outcome = (reward - mean) / scale;
    return turnRewards.map((turnReward) => weigh(outcome, turnReward) + 0); // + 0 turns -0 into 0
  });
}

/** True when no turn of the group has an advantage: nothing to learn, the group can be left out of the batch. */
export function isDead(advantages: readonly (readonly number[])[]): boolean {
  return advantages.every((turns) => turns.every((advantage) => advantage === 0));
}

/** Mean and sample standard deviation; 0 and 1 for fewer than two rewards. */
function statistics(rewards: readonly number[]): { mean: number; deviation: number } {
  const [first] = rewards;
  if (first === undefined || rewards.length === 1) return { mean: 0, deviation: 1 };
  // Measured from the first reward, equal rewards give a mean that is exactly that reward: a dead group is exactly zero.
  const mean = first + sum(rewards.map((reward) => reward - first)) / rewards.length;
  const variance = sum(rewards.map((reward) => (reward - mean) ** 2)) / (rewards.length - 1);
  return { mean, deviation: Math.sqrt(variance) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function refuseNonFinite({ reward, turnRewards, aborted }: RewardedRollout, index: number): void {
  if (aborted) return;
  const bad = [reward, ...turnRewards].find((number) => !Number.isFinite(number));
  if (bad !== undefined) throw new RangeError(`rollout ${index} of the group has a reward of ${bad}; rewards must be finite`);
}
