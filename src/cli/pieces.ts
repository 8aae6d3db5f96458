// The text of each token of a stored sequence: the policy's vocabulary alone is loaded, no weights.
import { openVocabularyOf } from "../llm/engine/llama-vocabulary.ts";
import { modelPath } from "../models/fetch.ts";

/** Gives one text an id for the named model of the manifest; the texts' concatenation is the sequence's text. */
export async function piecesOf(model: string): Promise<(ids: readonly number[]) => string[]> {
  const { vocabulary } = await openVocabularyOf(await modelPath(model));
  return (ids) => vocabulary.pieces(ids);
}
