// The text of each token of a stored sequence. Loads only the policy's vocabulary, no weights.
import { openVocabularyOf } from "../llm/engine/llama-vocabulary.ts";
import { modelPath } from "../models/model.ts";

/** For a model of a run: a function that gives one text per id; together they are the text of the sequence. */
export async function piecesOf(model: string): Promise<(ids: readonly number[]) => string[]> {
  const { vocabulary } = await openVocabularyOf(await modelPath(model));
  return (ids) => vocabulary.pieces(ids);
}
