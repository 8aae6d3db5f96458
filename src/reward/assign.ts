// Verdicts -> advantages of every turn, group by group. Pure; the formulas are in advantage.ts. Departs from TRUSTEE where nobody
// in a group solved the task: the guide is compared with the sampled members, but they only with each other. In a common baseline
// (LUFFY) all of them would be pushed away from, and a policy that seldom succeeds unlearns what it can do (docs/results.md). And
// a group that has solved its task is rehearsed: a step that learns only what was wrong pushes the policy away from what was right.
import type { Config } from "../config/config.ts";
import { draws } from "../rng.ts";
import type { Group, Trajectory, Verdict } from "../types.ts";
import { type AdvantageOptions, advantages, isDead, type RewardedRollout, type TurnAdvantage } from "./advantage.ts";
import { trialCost } from "./trials.ts";
import { isSolved } from "./verdict.ts";

/** A group with the advantages of its members' turns. */
export interface ScoredGroup extends Group {
  /** Advantage of each assistant turn of each member; zeros for aborted ones. // [member][turn] */
  readonly advantages: readonly (readonly TurnAdvantage[])[];
  /** The same of the guide; empty without one. // [turn] */
  readonly guideAdvantages: readonly TurnAdvantage[];
  /** Nothing to learn: all members got the same reward, or there is only one, and none is rehearsed. */
  readonly dead: boolean;
  /** All sampled members got the same reward: there is nothing to compare among them. */
  readonly agreed: boolean;
}

export interface AssignOptions {
  /** Every task of a step teaches what is right in it, also one that is solved (config.rollout.guide). */
  readonly rehearses?: boolean;
  /** Seed names: rewards are exchanged at random between the sampled members of a group (config.reward.shuffled). */
  readonly shuffled?: readonly (string | number)[] | null;
  /** What a trial turn costs (config.trial.price). */
  readonly trialPrice?: number;
}

/** One that is learnt from: a sampled member of a group, or its guide. */
export interface LearntMember {
  readonly id: number;
  readonly trajectory: Trajectory;
  /** // [turn] */
  readonly advantages: readonly TurnAdvantage[];
}

/** Advantages of a step's groups, as the run's config says. */
export function stepAdvantages(
  groups: readonly Group[],
  { seed, advantage, reward, rollout, trial }: Pick<Config, "seed" | "advantage" | "reward" | "rollout" | "trial">,
  step: number,
): ScoredGroup[] {
  const shuffled = reward.shuffled ? [seed, "step", step] : null;
  return assignAdvantages(groups, advantage, { rehearses: rollout.guide === "failed", shuffled, trialPrice: trial.price });
}

/**
 * Advantages of all groups; `options` as in config.advantage. With fewer than two judged members there is nothing to compare:
 * all zeros, although the published formula keeps a lone survivor's raw reward.
 */
export function assignAdvantages(
  groups: readonly Group[],
  options: AdvantageOptions,
  { rehearses = false, shuffled = null, trialPrice = 0 }: AssignOptions = {},
): ScoredGroup[] {
  const scored = groups.map((group): ScoredGroup => {
    const earned = group.trajectories.map((one) => rewardsOf(one, trialPrice));
    const sampled = shuffled === null ? earned : exchanged(earned, [...shuffled, group.index]);
    const alone = compared(sampled, options);
    if (group.guide === undefined) {
      const dead = isDead(alone);
      return { ...group, advantages: alone, guideAdvantages: [], dead, agreed: dead };
    }
    const guideAdvantages = compared([...sampled, rewardsOf(group.guide.trajectory, trialPrice)], options).at(-1) ?? [];
    const agreed = isDead(alone);
    return { ...group, advantages: alone, guideAdvantages, dead: agreed && isDead([guideAdvantages]), agreed };
  });
  return rehearses ? rehearsed(scored, trialPrice) : scored;
}

/**
 * Where all members of a group solved the task, one is learnt with the mean of what else the step learns: the first, or where trials
 * have a price the first of those with the fewest, so that trials which tell nothing die out.
 */
function rehearsed(groups: readonly ScoredGroup[], trialPrice: number): ScoredGroup[] {
  const learnt = groups.flatMap(learntMembers).map(({ advantages }) => meanOf(advantages.map(meanOf)));
  const value = meanOf(learnt.filter((one) => one > 0));
  return groups.map((group) => {
    const judged = group.trajectories.filter(isJudged);
    if (value === 0 || !group.dead || judged.length === 0 || !judged.every(({ verdict }) => isSolved(verdict))) return group;
    const costs = group.trajectories.map((one) => (isJudged(one) ? trialCost(one, trialPrice) : Number.POSITIVE_INFINITY));
    const chosen = costs.indexOf(Math.min(...costs));
    const advantages = group.advantages.map((turns, member) => (member === chosen ? turns.map(() => value) : turns));
    return { ...group, dead: false, advantages };
  });
}

/** All that a group's update learns from: its sampled members, then its guide. */
export function learntMembers(group: ScoredGroup): readonly LearntMember[] {
  const sampled = group.trajectories.map((trajectory, member) => ({
    ...{ id: group.ids[member] ?? Number.NaN, trajectory },
    advantages: group.advantages[member] ?? [],
  }));
  return group.guide === undefined ? sampled : [...sampled, { ...group.guide, advantages: group.guideAdvantages }];
}

function rewardsOf(trajectory: Trajectory, trialPrice: number): RewardedRollout {
  const turns = trajectory.messages.filter((message) => message.role === "assistant");
  return {
    reward: trajectory.verdict?.reward ?? 0,
    turnRewards: turns.map((message) => message.turnReward ?? 0),
    turnTokens: turns.map((message) => message.ids.length),
    aborted: !isJudged(trajectory),
    cost: trialCost(trajectory, trialPrice),
  };
}

function compared(rollouts: readonly RewardedRollout[], options: AdvantageOptions): TurnAdvantage[][] {
  const alone = rollouts.filter(({ aborted }) => !aborted).length < 2;
  return advantages(alone ? rollouts.map((rollout) => ({ ...rollout, aborted: true })) : rollouts, options);
}

/** The rewards of judged members dealt out anew among them, and those of their turns among all their turns. */
function exchanged(rollouts: readonly RewardedRollout[], names: readonly (string | number)[]): RewardedRollout[] {
  const random = draws(...names, "shuffled");
  const judged = rollouts.filter(({ aborted }) => !aborted);
  const rewards = random.shuffle(judged.map(({ reward }) => reward));
  const turnRewards = random.shuffle(judged.flatMap((rollout) => rollout.turnRewards));
  return rollouts.map((rollout) =>
    rollout.aborted
      ? rollout
      : { ...rollout, reward: rewards.shift() ?? 0, turnRewards: turnRewards.splice(0, rollout.turnRewards.length) },
  );
}

/** A reward that is not finite is the world's failure, like an abort: it would spoil every member of its group. */
export function isJudged(trajectory: Trajectory): trajectory is Trajectory & { readonly verdict: Verdict } {
  const turnRewards = trajectory.messages.map((message) => message.turnReward ?? 0);
  return trajectory.verdict !== null && [trajectory.verdict.reward, ...turnRewards].every(Number.isFinite);
}

/**
 * The advantages of a member (its place in learntMembers) by message index, to be stored; with returns by token, the mean of the
 * turn's tokens.
 */
export function byMessage(group: ScoredGroup, member: number): { readonly message: number; readonly value: number }[] {
  const { trajectory, advantages: own } = learntMembers(group)[member] ?? {};
  if (trajectory === undefined || own === undefined) return [];
  const turns = trajectory.messages.flatMap((message, index) => (message.role === "assistant" ? [index] : []));
  return turns.map((message, turn) => ({ message, value: meanOf(own[turn] ?? 0) }));
}

function meanOf(advantage: TurnAdvantage): number {
  if (typeof advantage === "number") return advantage;
  return advantage.length === 0 ? 0 : advantage.reduce((sum, value) => sum + value, 0) / advantage.length;
}
