// What the first half of a group says about the second. A group is worth playing to its end if its members may differ: where the
// first half agrees, they most likely do not. Departs from TRUSTEE, which plays all groups whole. Pure.
import { isJudged } from "../reward/assign.ts";
import { isSolved } from "../reward/verdict.ts";
import type { Trajectory } from "../types.ts";

/** Samples that are played before a group is decided. */
export function firstHalf(groupSize: number): number {
  return Math.ceil(groupSize / 2);
}

/** Rewards that differ by less are the same. */
const rounding = 1e-9;

/**
 * `success`: every judged member has the full reward, so nothing that another one does is above it. `failure`: none solved
 * the task, and all have the same reward. null: the group is open, also with fewer than two judged members, which cannot agree.
 * By a flat prior on the task's success, a group of six whose first three succeed is dead with probability 4/7, and a half that
 * agrees on less than full marks says less: its members can still become better.
 */
export function agreementOf(half: readonly Trajectory[]): "success" | "failure" | null {
  const verdicts = half.filter(isJudged).map(({ verdict }) => verdict);
  if (verdicts.length < 2) return null;
  if (verdicts.every(({ reward, rules }) => rules === 1 && reward >= 1 - rounding)) return "success";
  const rewards = verdicts.map(({ reward }) => reward);
  const alike = Math.max(...rewards) - Math.min(...rewards) <= rounding;
  return alike && noneSolved(half) ? "failure" : null;
}

/** Whether somebody was judged and nobody solved the task: such a group needs its guide. */
export function noneSolved(members: readonly Trajectory[]): boolean {
  const judged = members.filter(isJudged);
  return judged.length > 0 && !judged.some(({ verdict }) => isSolved(verdict));
}
