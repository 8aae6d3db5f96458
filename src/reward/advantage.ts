// Rewards of one group -> one advantage per turn: TGRPO of TRUSTEE (arXiv 2604.17739), or its other returns (returns.ts)
// compared within the group. Numbers only, no I/O. Spreading a turn's number over its tokens is in learner/batch.ts. Departs only
// in the default mode, which is `uniform` everywhere; the paper's code falls back to `relu` when no mode is set.
import type { AdvantageMode, ReturnMode } from "../config/training.ts";
import { type Rewards, returns, type TurnReturns } from "./returns.ts";

/** One rollout of a group; its rewards are not read if it was aborted. */
export interface RewardedRollout extends Rewards {
  readonly aborted: boolean;
  /** What it spent, in units of the advantages; absent: nothing. */
  readonly cost?: number;
}

/** One number for all tokens of the turn, or (returns by token) one for each sampled token. */
export type TurnAdvantage = number | readonly number[];

export interface AdvantageOptions {
  /** What the group compares; default: the outcome. */
  readonly returns?: ReturnMode | undefined;
  /** Discount factor of the other returns. */
  readonly gamma?: number | undefined;
  /** Used when the outcome is compared. */
  readonly mode: AdvantageMode;
  /** Divide by the group's standard deviation; false only subtracts the mean. */
  readonly normalizeStd: boolean;
  /** Weight of negative advantages; default 1. */
  readonly negative?: number | undefined;
}

/** Added to the standard deviation, as published. */
const epsilon = 1e-6;
/** Largest difference that rounding can cause between sums of the same parts; real rewards, in -1..1, differ by far more. */
const rounding = 1e-12;

/**
 * The turn's advantage from the group-normalised outcome A and the turn's reward r.
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
 * Advantages of one group: its returns compared, less what each rollout spent beyond the group's mean, and negative ones weighed.
 * @returns one for each turn of each rollout // [rollout][turn] or [rollout][turn][token]
 * @throws RangeError for a reward that is not finite, and for token or sparse returns without token counts
 */
export function advantages(rollouts: readonly RewardedRollout[], options: AdvantageOptions): TurnAdvantage[][] {
  const offsets = costOffsets(rollouts);
  const { negative = 1 } = options;
  return comparedReturns(rollouts, options).map((turns, member) => {
    const weighed = (value: number) => {
      const net = value - (offsets[member] ?? 0);
      return net < 0 ? net * negative + 0 : net; // + 0 turns -0 into 0
    };
    return turns.map((turn) => (typeof turn === "number" ? weighed(turn) : turn.map(weighed)));
  });
}

/**
 * What `options.returns` says, compared within the group; aborted rollouts, lone survivors and the deviation as in
 * tgrpo(). Returns by step are compared over all turns of the group, returns by token over all tokens: no estimator of verl does
 * so. Sparse returns are summed over the episode, as verl's GRPO sums a response's scores.
 */
function comparedReturns(rollouts: readonly RewardedRollout[], options: AdvantageOptions): TurnAdvantage[][] {
  const { returns: kind = "outcome", gamma = 0.99, normalizeStd } = options;
  if (kind === "outcome") return tgrpo(rollouts, options);
  if (kind === "sparse") return tgrpo(rollouts.map(summed), { ...options, mode: "uniform" });
  rollouts.forEach(refuseNonFinite);
  const own = rollouts.map((rollout) => (rollout.aborted ? [] : returns[kind](rollout, gamma)));
  const survivors = rollouts.filter((rollout) => !rollout.aborted).length;
  const compared = comparison(survivors > 1 ? own.flat(2) : [], normalizeStd);
  const normalized = (turn: TurnReturns) => turn.map(compared);
  return rollouts.map(({ turnRewards, aborted }, index) => {
    if (aborted) return turnRewards.map(() => 0);
    const turns = (own[index] ?? []).map(normalized);
    return kind === "token" ? turns : turns.map(([value = 0]) => value);
  });
}

/**
 * TGRPO advantages of one group (arXiv 2604.17739). The outcome rewards of the rollouts that were not aborted are
 * centred on their mean and divided by their SAMPLE standard deviation (n - 1) + 1e-6; a lone survivor keeps its raw
 * reward (mean 0, deviation 1); aborted rollouts get zeros and stay out of the statistics.
 * @returns one number per turn of each rollout // [rollout][turn]
 * @throws RangeError for a reward that is not finite: it would spoil every rollout of the group
 */
export function tgrpo(
  rollouts: readonly RewardedRollout[],
  options: Pick<AdvantageOptions, "mode" | "normalizeStd">,
): number[][] {
  rollouts.forEach(refuseNonFinite);
  const rewards = rollouts.filter((rollout) => !rollout.aborted).map((rollout) => rollout.reward);
  const compared = comparison(rewards, options.normalizeStd);
  const weigh = turnAdvantage[options.mode];
  return rollouts.map(({ reward, turnRewards, aborted }) => {
    if (aborted) return turnRewards.map(() => 0);
    const outcome = compared(reward);
    return turnRewards.map((turnReward) => weigh(outcome, turnReward) + 0); // + 0 turns -0 into 0
  });
}

/**
 * What the costs of a group's rollouts take off their advantages: centred on their mean. Beside the outcomes, not among them: divided
 * by their deviation a cost of any size would weigh as much as failing, where they are nearly alike. Zeros where all outcomes are the
 * same: what was cheap is not worth learning for that alone. Not in the paper. // [rollout]
 */
function costOffsets(rollouts: readonly RewardedRollout[]): number[] {
  const played = rollouts.filter(({ aborted }) => !aborted);
  if (played.length < 2 || areAlike(played.map(({ reward }) => reward))) return rollouts.map(() => 0);
  const mean = sum(played.map(({ cost = 0 }) => cost)) / played.length;
  return rollouts.map(({ aborted, cost = 0 }) => (aborted || Math.abs(cost - mean) < rounding ? 0 : cost - mean));
}

/** Whether no turn of the group has an advantage: there is nothing to learn, so the batch can leave the group out. */
export function isDead(advantages: readonly (readonly TurnAdvantage[])[]): boolean {
  return advantages.flat(2).every((advantage) => advantage === 0);
}

/**
 * Normalises a value by the group's: minus their mean, divided by their sample standard deviation + 1e-6. With fewer than two
 * values it stays unchanged; values that differ only by rounding become exactly 0.
 */
function comparison(values: readonly number[], normalizeStd: boolean): (value: number) => number {
  if (values.length < 2) return (value) => value;
  if (areAlike(values)) return () => 0;
  const mean = sum(values) / values.length;
  const variance = sum(values.map((value) => (value - mean) ** 2)) / (values.length - 1);
  const scale = normalizeStd ? Math.sqrt(variance) + epsilon : 1;
  return (value) => (value - mean) / scale + 0; // + 0 turns -0 into 0
}

/** Whether they differ by rounding at most. */
function areAlike(values: readonly number[]): boolean {
  // by reduce: with returns=token a group has more values than a function takes arguments
  const [least, most] = values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
  return most - least <= rounding * Math.max(1, Math.abs(least), Math.abs(most));
}

/** The outcome and the turns' rewards as one reward. */
function summed(rollout: RewardedRollout): RewardedRollout {
  return rollout.aborted ? rollout : { ...rollout, reward: sum(returns.sparse(rollout, 1).flat()) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function refuseNonFinite({ reward, turnRewards, aborted }: RewardedRollout, index: number): void {
  if (aborted) return;
  const bad = [reward, ...turnRewards].find((number) => !Number.isFinite(number));
  if (bad !== undefined) throw new RangeError(`rollout ${index} of the group has a reward of ${bad}; rewards must be finite`);
}
