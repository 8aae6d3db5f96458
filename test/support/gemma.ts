// The scripted vocabulary's bytes with gemma's markers: a frame without a system turn, and with a marker at the beginning.
import type { Vocabulary } from "../../src/llm/llm.ts";

export function gemmaVocabulary(): Vocabulary {
  const texts = ["<bos>", "<start_of_turn>", "<end_of_turn>", "<eos>"];
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
