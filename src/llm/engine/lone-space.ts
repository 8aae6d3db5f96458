// Keeps the words of a reply whole. Many vocabularies write " 26" as a space and digits, but " word" as one id. Under a grammar a
// small model that wants a number where only words may stand takes the space alone, and then a piece of a word that nobody ever
// wrote after it ("add ert sheets", "a scale of iven"). So an id that is one space is drawn only where a digit may follow, and a
// number then does follow. Free text, where every digit may follow, is left alone. Not in llama.cpp: a grammar reads characters.
import type { Vocabulary } from "../llm.ts";
import type { Bindings, NativeGrammarState, SamplerConfig } from "./addon.ts";

type Bias = Pick<SamplerConfig, "tokenBiasKeys" | "tokenBiasValues">;

/** Nats: more than any difference between two logits. */
const overwhelming = 1000;

/** What to add to the next draw's logits in a grammar's state, after the id drawn last (null at the start). */
export type LoneSpace = (state: NativeGrammarState, last: number | null) => Bias;

/** For one vocabulary; one in which a space and a digit are one id needs no bias. */
export function openLoneSpace(bindings: Bindings, vocabulary: Vocabulary): LoneSpace {
  const { AddonSampler, AddonGrammarEvaluationState: State } = bindings;
  const space = aloneBeforeDigit(vocabulary);
  if (space === null) return () => ({});
  const digits = Array.from("0123456789", (digit) => vocabulary.encode(digit)).flatMap((ids) => (ids.length === 1 ? ids : []));
  const possible = (state: NativeGrammarState) =>
    digits.filter((digit) => AddonSampler.canBeNextTokenForGrammarEvaluationState(state, digit));
  return (state, last) => {
    if (last === space) {
      const next = possible(state);
      return next.length === digits.length ? {} : bias(next, overwhelming);
    }
    if (!AddonSampler.canBeNextTokenForGrammarEvaluationState(state, space)) return {};
    const after = new State(state);
    AddonSampler.acceptGrammarEvaluationStateToken(after, space);
    return possible(after).length > 0 ? {} : bias([space], -overwhelming);
  };
}

/** The id of a space that stands alone before a digit; null if there is none. */
function aloneBeforeDigit({ encode, decode }: Vocabulary): number | null {
  const [first] = encode("a 7").slice(1);
  return first !== undefined && decode([first]) === " " ? first : null;
}

function bias(ids: readonly number[], value: number): Bias {
  if (ids.length === 0) return {};
  return { tokenBiasKeys: Uint32Array.from(ids), tokenBiasValues: new Float32Array(ids.length).fill(value) };
}
