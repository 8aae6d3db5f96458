// The text of each token of a stored sequence. Loads only the policy's vocabulary, no weights.
import { openVocabularyOf } from "../llm/engine/llama-vocabulary.ts";
import { findStartedPolicy, type StartedPolicy } from "./same-models.ts";

/** For the policy of a run: a function that gives one text per id; together they are the text of the sequence. Throws for another file. */
export async function piecesOf(policy: StartedPolicy): Promise<(ids: readonly number[]) => string[]> {
  const { path } = await findStartedPolicy(policy);
  const { vocabulary } = await openVocabularyOf(path);
  return (ids) => vocabulary.pieces(ids);
}
