// Text and ids of one model, with one law: foreign text never becomes a marker (law 2). Plain tokenisation is not
// enough: it still yields USER_DEFINED tokens (`<tool_call>` on Qwen2.5), so every id is looked at and a marker's text is
// spelt in pieces. Only byte-level BPE vocabularies (Qwen, Llama 3, SmolLM) for now. Pure: it sees a `TokenTable`.
import { PlayactError } from "../errors.ts";
import type { NativeModel } from "./addon.ts";
import type { Vocabulary } from "./llm.ts";

/** What a vocabulary is made of: the addon's model has this shape, tests write their own. */
export type TokenTable = Pick<NativeModel, "tokenize" | "getTokenString" | "getTokenAttributes" | "getVocabularyType">;

/** Bits of llama_token_attr. */
const attribute = { unknown: 1, unused: 2, control: 8, userDefined: 16 } as const;
/** llama_vocab_type of byte-level BPE. */
const byteLevelBpe = 2;

/** `size` is the number of ids. @throws PlayactError("model") for a vocabulary that is not byte-level BPE. */
export function openVocabulary(table: TokenTable, size: number): Vocabulary {
  if (table.getVocabularyType() !== byteLevelBpe)
    throw new PlayactError(
      "model",
      "The model's vocabulary is not byte-level BPE (as Qwen, Llama 3 and SmolLM have it); Playact reads no other yet.",
    );
  const bytes: Uint8Array[] = [];
  const markers = new Map<string, number>();
  const isMarkerId = new Set<number>();
  const byteId = new Map<number, number>();
  for (let id = 0; id < size; id++) {
    const text = table.getTokenString(id) ?? "";
    const bits = table.getTokenAttributes(id);
    const literal = (bits & (attribute.unknown | attribute.control | attribute.userDefined)) !== 0;
    const own = bits & attribute.unused ? new Uint8Array() : literal ? Buffer.from(text) : fromByteAlphabet(text);
    bytes.push(own);
    if (!literal && own.length === 1) byteId.set(own[0] ?? -1, id);
    if (!literal || (bits & attribute.userDefined && text.trim() === "")) continue;
    markers.set(text, id);
    isMarkerId.add(id);
  }

  /** Ids of a text without markers: a hit is split after its first character and both sides are looked at again. */
  const encode = (text: string): number[] =>
    Array.from(table.tokenize(text, false)).flatMap((id) => (isMarkerId.has(id) ? split(id) : [id]));
  const split = (id: number): number[] => {
    const [first = "", ...rest] = Buffer.from(bytes[id] ?? []).toString();
    if (rest.length > 0) return [...encode(first), ...encode(rest.join(""))];
    // a marker of one character: its bytes, each of which has an ordinary token
    return Array.from(Buffer.from(first), (byte) => byteId.get(byte) ?? -1);
  };

  return {
    encode,
    marker(text) {
      const id = markers.get(text);
      if (id === undefined)
        throw new PlayactError("model", `The model has no marker ${text}; choose a model whose vocabulary holds it.`);
      return id;
    },
    isMarker: (id) => isMarkerId.has(id),
    decode: (ids) => piecesOf(ids, bytes).join(""),
    pieces: (ids) => piecesOf(ids, bytes),
  };
}

/** One text an id; an incomplete character is held until the id that ends it, what is left at the end is U+FFFD. */
function piecesOf(ids: readonly number[], bytes: readonly Uint8Array[]): string[] {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return ids.map((id, at) => {
    const own = bytes[id];
    if (own === undefined) throw new RangeError(`id ${id} is not in the vocabulary of ${bytes.length}`);
    return decoder.decode(own, { stream: at < ids.length - 1 });
  });
}

/** GPT-2's alphabet: printable bytes stand for themselves, the other 68 for U+0100 and up, in byte order. */
const byteOfCharacter: ReadonlyMap<string, number> = (() => {
  const printable = (byte: number) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let shifted = 0x100;
  return new Map(Array.from({ length: 256 }, (_, byte) => [String.fromCodePoint(printable(byte) ? byte : shifted++), byte]));
})();

/** The bytes that a token's spelling stands for; characters outside the alphabet (a few vocabularies have them) stand for themselves. */
function fromByteAlphabet(text: string): Uint8Array {
  return Buffer.concat(
    Array.from(text, (character) => {
      const byte = byteOfCharacter.get(character);
      return byte === undefined ? Buffer.from(character) : Buffer.of(byte);
    }),
  );
}
