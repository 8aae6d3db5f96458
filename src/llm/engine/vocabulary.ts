// Text and ids of one model, with one law: foreign text never becomes a marker (law 2). Plain tokenisation is not enough: it
// still yields USER_DEFINED tokens (`<tool_call>` on Qwen2.5), so every id is checked and a marker's text is split into
// ordinary tokens. Byte-level BPE (Qwen, Llama 3, SmolLM) and SentencePiece with byte tokens (Gemma). Departs from plain
// SentencePiece, which decodes U+2581 as a blank: it is encoded in bytes here, so that every text decodes to itself. Pure: it
// reads a `TokenTable`.
import { PlayactError } from "../../errors.ts";
import type { Vocabulary } from "../llm.ts";
import type { NativeModel } from "./addon.ts";

/** The data of a vocabulary: the addon's model has this shape, tests write their own. */
export type TokenTable = Pick<NativeModel, "tokenize" | "getTokenString" | "getTokenAttributes" | "getVocabularyType">;

/** Bits of llama_token_attr. */
const attribute = { unknown: 1, unused: 2, control: 8, userDefined: 16, byte: 32 } as const;
/** llama_vocab_type. */
const kinds = { sentencePiece: 1, byteLevelBpe: 2 } as const;
/** SentencePiece's character for a blank. */
const blank = "\u2581";
/** User-defined tokens that are ordinary text, not markers: white space, and Gemma's HTML elements. */
const plain =
  /^(?:\s+|<\/?(?:a|html|body|div|span|footer|iframe|img|bbox|ul|li|table|caption|thead|tbody|tfoot|t[rhd]|h[1-6]|blockquote|strong|em|b|i|u|s|sub|sup|code)>)$/;

/** `size` is the number of ids. @throws PlayactError("model") for another kind of vocabulary. */
export function openVocabulary(table: TokenTable, size: number): Vocabulary {
  const kind = table.getVocabularyType();
  if (kind !== kinds.byteLevelBpe && kind !== kinds.sentencePiece)
    throw new PlayactError(
      "model",
      "The model's vocabulary is neither byte-level BPE (Qwen, Llama 3, SmolLM) nor SentencePiece (Gemma); Playact supports no other kind.",
    );
  const bytes: Uint8Array[] = [];
  const markers = new Map<string, number>();
  const isMarkerId = new Set<number>();
  const byteId = new Map<number, number>();
  for (let id = 0; id < size; id++) {
    const text = table.getTokenString(id) ?? "";
    const bits = table.getTokenAttributes(id);
    const literal = (bits & (attribute.unknown | attribute.control | attribute.userDefined)) !== 0;
    const own = literal ? Buffer.from(text) : bits & attribute.unused ? new Uint8Array() : spelt(kind, text, bits);
    bytes.push(own);
    // SentencePiece also has one-byte words ("a"); byte tokens take precedence
    if (!literal && own.length === 1 && (kind === kinds.byteLevelBpe || bits & attribute.byte)) byteId.set(own[0] ?? -1, id);
    if (!literal || ((bits & attribute.control) === 0 && bits & attribute.userDefined && plain.test(text))) continue;
    markers.set(text, id);
    isMarkerId.add(id);
  }

  const inBytes = (text: string): number[] => Array.from(Buffer.from(text), (byte) => byteId.get(byte) ?? -1);
  /** Ids of a text without markers: a marker is split after its first character, and both sides are checked again. */
  const encode = (text: string): number[] => {
    if (kind === kinds.sentencePiece && text.includes(blank))
      return text.split(blank).flatMap((part, at) => [...(at === 0 ? [] : inBytes(blank)), ...encode(part)]);
    return Array.from(table.tokenize(text, false)).flatMap((id) => (isMarkerId.has(id) ? split(id) : [id]));
  };
  const split = (id: number): number[] => {
    const [first = "", ...rest] = Buffer.from(bytes[id] ?? []).toString();
    // a one-character marker cannot be split, but each of its bytes has an ordinary token
    return rest.length > 0 ? [...encode(first), ...encode(rest.join(""))] : inBytes(first);
  };
  const decode = (ids: readonly number[]) => piecesOf(ids, bytes).join("");
  if (decode(encode("a")) !== "a")
    throw new PlayactError(
      "model",
      `The model's vocabulary decodes "a" as ${JSON.stringify(decode(encode("a")))} (a blank before each text?); Playact needs one that decodes to the same text: choose another model.`,
    );

  return {
    encode,
    marker(text) {
      const id = markers.get(text);
      if (id === undefined)
        throw new PlayactError("model", `The model has no marker ${text}; choose a model whose vocabulary has it.`);
      return id;
    },
    hasMarker: (text) => markers.has(text),
    markers: [...markers.keys()].filter((text) => text !== ""),
    isMarker: (id) => isMarkerId.has(id),
    decode,
    pieces: (ids) => piecesOf(ids, bytes),
  };
}

/** One text per id; an incomplete character is held until the id that completes it, a rest at the end is U+FFFD. */
function piecesOf(ids: readonly number[], bytes: readonly Uint8Array[]): string[] {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return ids.map((id, at) => {
    const own = bytes[id];
    if (own === undefined) throw new RangeError(`id ${id} is not in the vocabulary of ${bytes.length}`);
    return decoder.decode(own, { stream: at < ids.length - 1 });
  });
}

/** The bytes of an ordinary token. */
function spelt(kind: number, text: string, bits: number): Uint8Array {
  if (kind === kinds.byteLevelBpe) return fromByteAlphabet(text);
  const byte = bits & attribute.byte ? /^<0x([0-9A-F]{2})>$/.exec(text)?.[1] : undefined;
  return byte === undefined ? Buffer.from(text.replaceAll(blank, " ")) : Buffer.of(Number.parseInt(byte, 16));
}

/** GPT-2's alphabet: printable bytes represent themselves, the other 68 are U+0100 and up, in byte order. */
const byteOfCharacter: ReadonlyMap<string, number> = (() => {
  const printable = (byte: number) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let shifted = 0x100;
  return new Map(Array.from({ length: 256 }, (_, byte) => [String.fromCodePoint(printable(byte) ? byte : shifted++), byte]));
})();

/** The bytes of a token's spelling; characters outside the alphabet (in a few vocabularies) represent themselves. */
function fromByteAlphabet(text: string): Uint8Array {
  return Buffer.concat(
    Array.from(text, (character) => {
      const byte = byteOfCharacter.get(character);
      return byte === undefined ? Buffer.from(character) : Buffer.of(byte);
    }),
  );
}
