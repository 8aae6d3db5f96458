// What a model thinks before its reply (thinking.ts), as it is sampled: freely, closed for the model where it does not come to
// an end, and nobody sees it. Pure: sampling is the caller's.

import type { Vocabulary } from "../llm.ts";
import { thinkClose, thinkOpen } from "./thinking.ts";

export interface Reasoning {
  /** Ids behind the opening of the assistant's turn. */
  readonly opening: readonly number[];
  /** The next id of the thinking, by `sample` or given; null when it is closed and the reply may begin. */
  next(sample: () => Promise<number>): Promise<number | null>;
}

/** Most ids that close a thought; they come on top of its limit. */
export const closingTokens = 8;

/**
 * Null where the model does not mark thinking, or where there is no room for it.
 * @param limit most sampled ids
 * @param isEnd ids that end a turn; they end the thinking instead
 */
export function openReasoning(vocabulary: Vocabulary, limit: number, isEnd: (id: number) => boolean): Reasoning | null {
  if (limit <= 0 || !vocabulary.hasMarker(thinkOpen) || !vocabulary.hasMarker(thinkClose)) return null;
  const close = vocabulary.marker(thinkClose);
  let left = limit;
  let closing: number[] | null = null; // what is still to be given; null while the model thinks
  return {
    opening: [vocabulary.marker(thinkOpen), ...vocabulary.encode("\n")],
    async next(sample) {
      if (closing === null) {
        const id = left > 0 ? await sample() : -1;
        left--;
        if (id >= 0 && id !== close && !isEnd(id)) return id;
        closing = [...(id === close ? [] : vocabulary.encode("\n")), close, ...vocabulary.encode("\n\n")];
      }
      return closing.shift() ?? null;
    },
  };
}
