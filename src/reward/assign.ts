// Verdicts -> advantages of every turn, group by group. Pure; the formulas are in advantage.ts.
import type { Group } from "../types.ts";
import { type AdvantageOptions, advantages, isDead, type TurnAdvantage } from "./advantage.ts";

/** A group with its place in the step and what its members' turns are worth. */
export interface ScoredGroup extends Group {
  /** Index of the task within the step. */
  readonly index: number;
  /** Advantage of each assistant turn of each member; zeros for aborted ones. // [member][turn] */
  readonly advantages: readonly (readonly TurnAdvantage[])[];
  /** No member differs from the others: nothing to learn. */
  readonly dead: boolean;
}

/** Advantages of all groups; `options` as in config.advantage. */
export function assignAdvantages(
  groups: readonly (Group & { readonly index: number })[],
  options: AdvantageOptions,
): ScoredGroup[] {
  return groups.map((group) => {
    const assigned = advantages(
      group.trajectories.map(({ verdict, messages }) => {
        const turns = messages.filter((message) => message.role === "assistant");
        return {
          reward: verdict?.reward ?? 0,
          turnRewards: turns.map((message) => message.turnReward ?? 0),
          turnTokens: turns.map((message) => message.ids.length),
          aborted: verdict === null,
        };
      }),
      options,
    );
    return { ...group, advantages: assigned, dead: isDead(assigned) };
  });
}

/** The advantages of a trajectory by the index of its message, for the record; the mean of those by token. */
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
