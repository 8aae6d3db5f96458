// The scripted vocabulary's bytes with the markers of other families: gemma's frame has no system turn and a marker at the
// beginning, Llama 3's a marker after the role.
import type { Vocabulary } from "../../src/llm/llm.ts";

/** One id per byte, the markers from 1000 up. */
export function byteVocabulary(texts: readonly string[]): Vocabulary {
  const pieces = (ids: readonly number[]) => ids.map((id) => texts[id - 1000] ?? String.fromCharCode(id));
  return {
    encode: (text) => [...Buffer.from(text)],
    marker: (text) => 1000 + texts.indexOf(text),
    hasMarker: (text) => texts.includes(text),
    markers: texts,
    isMarker: (id) => id >= 1000,
    decode: (ids) => pieces(ids).join(""),
    pieces,
  };
}

export const gemmaVocabulary = () => byteVocabulary(["<bos>", "<start_of_turn>", "<end_of_turn>", "<eos>"]);

export const llamaVocabulary = () =>
  byteVocabulary(["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|end_of_text|>"]);
