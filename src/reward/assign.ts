// Verdicts -> advantages of every turn, group by group. Pure; the formulas are in advantage.ts.
import type { StoredGroup, Trajectory, Verdict } from "../types.ts";
import { type AdvantageOptions, advantages, isDead, type TurnAdvantage } from "./advantage.ts";

/** A group with the advantages of its members' turns. */
export interface ScoredGroup extends StoredGroup {
  /** Advantage of each assistant turn of each member; zeros for aborted ones. // [member][turn] */
  readonly advantages: readonly (readonly TurnAdvantage[])[];
  /** All members got the same reward, or there is only one: nothing to learn. */
  readonly dead: boolean;
}

/**
 * Advantages of all groups; `options` as in config.advantage. With fewer than two judged members there is nothing to compare:
 * all zeros, although the published formula keeps a lone survivor's raw reward.
 */
export function assignAdvantages(groups: readonly StoredGroup[], options: AdvantageOptions): ScoredGroup[] {
  return groups.map((group) => {
    const alone = group.trajectories.filter(isJudged).length < 2;
    const assigned = advantages(
      group.trajectories.map((trajectory) => {
        const turns = trajectory.messages.filter((message) => message.role === "assistant");
        return {
          reward: trajectory.verdict?.reward ?? 0,
          turnRewards: turns.map((message) => message.turnReward ?? 0),
          turnTokens: turns.map((message) => message.ids.length),
          aborted: alone || !isJudged(trajectory),
        };
      }),
      options,
    );
    return { ...group, advantages: assigned, dead: isDead(assigned) };
  });
}

/** A reward that is not finite is the world's failure, like an abort: it would spoil every member of its group. */
export function isJudged(trajectory: Trajectory): trajectory is Trajectory & { readonly verdict: Verdict } {
  const turnRewards = trajectory.messages.map((message) => message.turnReward ?? 0);
  return trajectory.verdict !== null && [trajectory.verdict.reward, ...turnRewards].every(Number.isFinite);
}

/** The advantages of a trajectory by message index, to be stored; with returns by token, the mean of the turn's tokens. */
export function byMessage(group: ScoredGroup, member: number): { readonly message: number; readonly value: number }[] {
  const trajectory = group.trajectories[member];
  if (!trajectory) return [];
  const turns = trajectory.messages.flatMap((message, index) => (message.role === "assistant" ? [index] : []));
  return turns.map((message, turn) => ({ message, value: meanOf(group.advantages[member]?.[turn] ?? 0) }));
}

function meanOf(advantage: TurnAdvantage): number {
  if (typeof advantage === "number") return advantage;
  return advantage.length === 0 ? 0 : advantage.reduce((sum, value) => sum + value, 0) / advantage.length;
}
