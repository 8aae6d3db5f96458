// A model's reasoning before its reply (thinking.ts) while it is sampled: unconstrained, closed by force at its limit, and
// hidden from everyone. Pure: the caller samples.

import type { Vocabulary } from "../llm.ts";
import { thinkClose, thinkOpen } from "./thinking.ts";

export interface Reasoning {
  /** The next id of the reasoning, from `sample` or given; null when it is closed and the reply may begin. */
  next(sample: () => Promise<number>): Promise<number | null>;
}

/** Most ids that close the reasoning, on top of its limit. */
export const closingTokens = 8;

/**
 * Null if the model has no thinking markers, or if there is no room.
 * @param limit most sampled ids
 * @param isEnd ids that end a turn; they end the reasoning instead
 */
export function openReasoning(vocabulary: Vocabulary, limit: number, isEnd: (id: number) => boolean): Reasoning | null {
  if (limit <= 0 || !vocabulary.hasMarker(thinkOpen) || !vocabulary.hasMarker(thinkClose)) return null;
  const close = vocabulary.marker(thinkClose);
  let left = limit;
  let closing: number[] | null = null; // closing ids still to be given; null while the model reasons
  return {
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
