// Rewards of one rollout -> its returns: the return modes of TRUSTEE's code (arXiv 2604.17739) other than TGRPO, as one table.
// Numbers only. Departs: there, rewards are at token positions under a mask; here turns are already separate. Comparing returns
// within the group (advantage.ts) is not published: TRUSTEE passes them to the estimators of verl.
import type { ReturnMode } from "../config/training.ts";

/** The rewards that the returns are computed from. */
export interface Rewards {
  /** Outcome reward of the episode, earned with the last turn. */
  readonly reward: number;
  /** Tool or user reward of each assistant turn, -1..1; 0 for an unjudged turn. // [turn] */
  readonly turnRewards: readonly number[];
  /** Tokens that the policy sampled in each turn; `token` and `sparse` read it. // [turn] */
  readonly turnTokens?: readonly number[] | undefined;
}

/** Returns of one turn: one for all its tokens, or one for each token. */
export type TurnReturns = readonly number[];

/**
 * Turns n = 0 .. N - 1 with rewards r[n], and the outcome R.
 * - `step`: G[n] = r[n] + gamma G[n + 1], with R added to the last turn's reward.
 * - `token`: the same over all sampled tokens, each of which earns its turn's reward; R is added to the last one's.
 * - `sparse`: r[n] on the last token of the turn and 0 on the others, R added to the last turn's; no discount.
 */
export const returns: Readonly<
  Record<Exclude<ReturnMode, "outcome">, (rewards: Rewards, gamma: number) => readonly TurnReturns[]>
> = {
  step: (rewards, gamma) => backwards(earned(rewards.turnRewards, rewards.reward), gamma).map((value) => [value]),
  token: (rewards, gamma) => {
    const turns = tokensOf(rewards).map((tokens, turn) => new Array<number>(tokens).fill(rewards.turnRewards[turn] ?? 0));
    const values = backwards(earned(turns.flat(), rewards.reward), gamma);
    return turns.map((turn) => values.splice(0, turn.length));
  },
  sparse: (rewards) => {
    const worth = earned(rewards.turnRewards, rewards.reward);
    return tokensOf(rewards).map((tokens, turn) =>
      Array.from({ length: tokens }, (_, token) => (token === tokens - 1 ? (worth[turn] ?? 0) : 0)),
    );
  },
};

function tokensOf({ turnRewards, turnTokens }: Rewards): number[] {
  return turnRewards.map((_, turn) => {
    const tokens = turnTokens?.[turn];
    if (tokens === undefined) throw new RangeError(`turn ${turn} has no number of tokens, which these returns need`);
    return tokens;
  });
}

/** The rewards with the outcome added to the last one. */
function earned(rewards: readonly number[], outcome: number): number[] {
  return rewards.map((reward, index) => (index === rewards.length - 1 ? reward + outcome : reward));
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
