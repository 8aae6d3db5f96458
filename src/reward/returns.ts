// Rewards of one rollout -> its discounted returns: the return modes of TRUSTEE (arXiv 2604.17739) beside TGRPO, as one
// table. Numbers only; what the group makes of them is in advantage.ts. What we know of the published ones are their names,
// their rewards and gamma 0.99: the formulas below are the usual ones, spelt out.
import type { ReturnMode } from "../config.ts";

/** What the returns are made from. */
export interface Rewards {
  /** Outcome reward of the episode, earned with the last turn. */
  readonly reward: number;
  /** Tool or user reward of each assistant turn, -1..1; 0 where nobody judged it. // [turn] */
  readonly turnRewards: readonly number[];
  /** Tokens that the policy sampled in each turn; only `token` reads it. // [turn] */
  readonly turnTokens?: readonly number[] | undefined;
}

/** Returns of one turn: one for all of its tokens, or one for each. */
export type TurnReturns = readonly number[];

/**
 * Turns n = 0 .. N - 1 with rewards r[n]; the outcome R is added to the last turn's.
 * - `step`: G[n] = r[n] + gamma G[n + 1].
 * - `token`: the same over tokens, each turn's reward falling on its last token; a token that is d tokens before its
 *   turn's last one has gamma^d times that one's return.
 * - `sparse`: the outcome alone, by turns: G[n] = gamma^(N - 1 - n) R.
 */
export const returns: Readonly<
  Record<Exclude<ReturnMode, "outcome">, (rewards: Rewards, gamma: number) => readonly TurnReturns[]>
> = {
  step: (rewards, gamma) => backwards(earned(rewards), gamma).map((value) => [value]),
  token: (rewards, gamma) => {
    const turns = earned(rewards).map((reward, turn) => {
      const tokens = rewards.turnTokens?.[turn];
      if (tokens === undefined) throw new RangeError(`turn ${turn} has no number of tokens, which returns by token need`);
      return Array.from({ length: tokens }, (_, token) => (token === tokens - 1 ? reward : 0));
    });
    const values = backwards(turns.flat(), gamma);
    return turns.map((turn) => values.splice(0, turn.length));
  },
  sparse: ({ reward, turnRewards }, gamma) => turnRewards.map((_, turn) => [reward * gamma ** (turnRewards.length - 1 - turn)]),
};

/** The turns' rewards with the outcome on the last one. */
function earned({ reward, turnRewards }: Rewards): number[] {
  return turnRewards.map((turnReward, turn) => (turn === turnRewards.length - 1 ? turnReward + reward : turnReward));
}

/** G[i] = r[i] + gamma G[i + 1]. */
function backwards(rewards: readonly number[], gamma: number): number[] {
  const values: number[] = [];
  let value = 0;
  for (const reward of rewards.toReversed()) {
    value = reward + gamma * value;
    values.push(value);
  }
  return values.toReversed();
}
