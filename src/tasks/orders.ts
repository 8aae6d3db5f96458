// What the tasks of one step should be: level -> aspects (one draw per task), and which tasks are decline tasks, hard or parallel.
// The shares are kept by counting, not by chance: task n of a run is a decline task when floor(n * share) rises, so that even a
// run of a dozen tasks reaches the share. Pure.
import type { Config } from "../config/config.ts";
import { draws } from "../rng.ts";
import { type Difficulty, softDifficulty, withFixed } from "./difficulty.ts";

/** True for `share` of the whole numbers, spread evenly; `offset` shifts which ones. */
export function falls(index: number, share: number, offset: number): boolean {
  return Math.floor((index + 1) * share + offset) > Math.floor(index * share + offset);
}

/** A kind of call task that a series may ask for, place by place. */
export type OrderedKind = "plain" | "ask" | "chain" | "parallel";

export interface TaskOrder {
  readonly id: string;
  /** Names that all draws of the task derive from. */
  readonly names: readonly (string | number)[];
  readonly level: number;
  readonly aspects: Difficulty;
  readonly decline: boolean;
  /** Overrides of the level for tasks that must be hard (config tasks.hard). */
  readonly hold: number;
  readonly calls: number;
  /** Two calls that do not depend on each other, and nothing held back (config tasks.parallel). */
  readonly parallel: boolean;
  readonly tokensPerTurn: number;
  readonly responseTokens: number;
}

/** Tasks `first .. first + count - 1` of a run, or of another sequence of tasks. */
export interface OrderSeries {
  readonly id: string;
  /** Seed names of the series; the task's index is added. */
  readonly names: readonly (string | number)[];
  readonly first: number;
  readonly count: number;
  readonly level: number;
  /** Share of decline tasks; among the others, config.tasks.hard of all tasks hold a value back or need a chain. */
  readonly declineShare: number;
  /** Probability that a task's aspects are drawn instead of following the level; 0 outside training. */
  readonly epsilon: number;
  /** The kind of each task, by place, in place of shares and level (held-out tasks). // [count] */
  readonly kinds?: readonly OrderedKind[];
}

type Declining = Pick<OrderSeries, "id" | "names" | "first" | "count" | "declineShare">;

/** Shifts which tasks of a run are decline tasks. */
function declineOffset({ names, id }: Declining): number {
  return draws(...names.slice(0, 1), id.slice(0, 1), "offset").uniform();
}

/** Whether each task of a series is a decline task, in its order; all that a series decides without a draw a task. */
export function declines(series: Declining): boolean[] {
  const offset = declineOffset(series);
  return Array.from({ length: series.count }, (_, place) => falls(series.first + place, series.declineShare, offset));
}

/** The orders of a series, in its order. */
export function taskOrders(config: Config, series: OrderSeries): TaskOrder[] {
  const offset = declineOffset(series);
  // the right episode makes both calls in one turn
  const parallelShare = config.rollout.parallelCalls < 2 ? 0 : config.tasks.parallel;
  return Array.from({ length: series.count }, (_, position) => {
    const index = series.first + position;
    const names = [...series.names, index];
    const random = draws(...names, "aspects");
    const decline = falls(index, series.declineShare, offset);
    // position among the call tasks so far, so that decline tasks do not take the places of hard ones
    const callIndex = index - Math.floor(index * series.declineShare + offset) + Math.floor(offset);
    const hardShare = Math.min(1, config.tasks.hard / Math.max(1e-9, 1 - series.declineShare));
    const hard = !decline && falls(callIndex, hardShare, 0);
    // and parallel ones are counted among those that are neither
    const plainIndex = callIndex - Math.floor(callIndex * hardShare);
    const plainShare = (1 - series.declineShare) * (1 - hardShare);
    const parallel = !decline && !hard && falls(plainIndex, Math.min(1, parallelShare / Math.max(1e-9, plainShare)), 0.5);
    const drawn = softDifficulty(series.level, config.difficulty, random, series.epsilon);
    const aspects = withFixed(drawn, config.curriculum.fixed, config.difficulty);
    const hardHolds = random.uniform() < 0.6; // asking is needed more often; the others are dependent calls
    const mustHold = hard && hardHolds && aspects.queryAmbiguity === 0 && aspects.expectedToolCalls === 1;
    const mustChain = hard && !hardHolds && aspects.expectedToolCalls === 1;
    const kind = series.kinds?.[position];
    return {
      id: `${series.id}-${index}`,
      names,
      level: series.level,
      aspects,
      decline,
      hold: parallel ? 0 : mustHold ? 1 : aspects.queryAmbiguity,
      calls: parallel || mustChain ? 2 : aspects.expectedToolCalls,
      parallel,
      ...(kind === undefined ? {} : shapeOf(kind, aspects)),
      tokensPerTurn: config.rollout.tokensPerTurn,
      responseTokens: config.rollout.responseTokens,
    };
  });
}

/** What makes a task one of a kind; only an ask task still takes the number of its held-back values from the level. */
function shapeOf(kind: OrderedKind, aspects: Difficulty): Pick<TaskOrder, "decline" | "hold" | "calls" | "parallel"> {
  return {
    decline: false,
    hold: kind === "ask" ? Math.max(1, aspects.queryAmbiguity) : 0,
    calls: kind === "chain" || kind === "parallel" ? 2 : 1,
    parallel: kind === "parallel",
  };
}
