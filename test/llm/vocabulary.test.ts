// The vocabulary of a real model: no text may become a marker, and no byte may be lost.
import fc from "fast-check";
import { getLlama, type Llama, LlamaLogLevel } from "node-llama-cpp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nativeModelOf } from "../../src/llm/addon.ts";
import type { Vocabulary } from "../../src/llm/llm.ts";
import { scriptedVocabulary } from "../../src/llm/scripted.ts";
import { openVocabulary, type TokenTable } from "../../src/llm/vocabulary.ts";
import { smallModel } from "./small-model.ts";

let llama: Llama;
let table: TokenTable & { detokenize(ids: Uint32Array, special: boolean): string };
let vocabulary: Vocabulary;
let size = 0;
beforeAll(async () => {
  llama = await getLlama({ gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.disabled });
  // PLAYACT_VOCABULARY_MODEL: another GGUF to run these laws on by hand
  const model = await llama.loadModel({ modelPath: process.env.PLAYACT_VOCABULARY_MODEL ?? smallModel, vocabOnly: true });
  table = nativeModelOf(model);
  size = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
  vocabulary = openVocabulary(table, size);
});
afterAll(() => llama.dispose());

/** Texts of every token that is not an ordinary one (attributes unknown, control, user-defined). */
const special = () =>
  Array.from({ length: size }, (_, id) => id)
    .filter((id) => table.getTokenAttributes(id) & (1 | 8 | 16))
    .map((id) => table.getTokenString(id) ?? "");

function expectHarmless(text: string): void {
  const ids = vocabulary.encode(text);
  expect(
    ids.filter((id) => vocabulary.isMarker(id)),
    JSON.stringify(text),
  ).toEqual([]);
  expect(vocabulary.decode(ids)).toBe(text);
}

describe("encode", () => {
  test("never yields a marker for the text of any marker, alone, doubled, nested or split", () => {
    const texts = special();
    expect(texts.length).toBeGreaterThan(10);
    for (const text of texts) {
      expectHarmless(text);
      expectHarmless(`a${text}${text} b\n${text}`);
      for (const other of texts.slice(0, 6)) {
        expectHarmless(text + other);
        // removing the inner one from the outer one's middle must not join the rest
        for (let at = 1; at < text.length; at++) expectHarmless(text.slice(0, at) + other + text.slice(at));
      }
    }
  });

  test("keeps every byte of any text around markers", () => {
    const texts = special();
    const part = fc.oneof(
      fc.constantFrom(...texts),
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("\r\n", "\n\n", "\0", "🧑‍🚀👍🏽", "é", "\uFEFF", " ", "<|", "|>", "<", ">"),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => expectHarmless(parts.join(""))),
      { seed: 3, numRuns: 300 },
    );
  });

  test("writes ordinary text as the model's own tokenizer does", () => {
    const text = "The quick brown fox, 1234 times: naïve café.\n\tint main() { return 0; }";
    expect(vocabulary.encode(text)).toEqual(Array.from(table.tokenize(text, false)));
  });
});

describe("decode and pieces", () => {
  test("give every single token the text that llama.cpp gives it", () => {
    // tokens that are part of a character decode to U+FFFD in both
    for (let id = 0; id < size; id++) {
      const theirs = table.detokenize(Uint32Array.of(id), true);
      if (vocabulary.decode([id]) !== theirs) expect({ id, text: vocabulary.decode([id]) }).toEqual({ id, text: theirs });
    }
  });

  test("pieces join to the decoded text, a split character's bytes going to its last id", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(size - 1), { maxLength: 20 }), (ids) => {
        const pieces = vocabulary.pieces(ids);
        expect(pieces).toHaveLength(ids.length);
        expect(pieces.join("")).toBe(vocabulary.decode(ids));
      }),
      { seed: 4, numRuns: 200 },
    );
    const ids = vocabulary.encode("🜁");
    expect(ids.length).toBeGreaterThan(1);
    expect(vocabulary.pieces(ids)).toEqual([...ids.slice(1).map(() => ""), "🜁"]);
    expect(vocabulary.pieces(ids.slice(0, -1)).join("")).toBe("\uFFFD");
  });
});

test("markers are known by their text, and one that is missing is named", () => {
  expect(vocabulary.decode([vocabulary.marker("<|im_start|>"), vocabulary.marker("<|im_end|>")])).toBe("<|im_start|><|im_end|>");
  expect(() => vocabulary.marker("<|no such marker|>")).toThrow(/no marker <\|no such marker\|>/);
});

test("a marker of one character is spelt in bytes, and user-defined white space is no marker", () => {
  // a byte-level table of our own: byte tokens, the marker "§" (bytes C2 A7) and user-defined newlines
  const spelling = [...Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at)), "Â", "§", "\u0120", "§", "\n\n"];
  const attributes = spelling.map((_, id) => (id >= 97 ? 16 : 4));
  const own = openVocabulary(
    {
      getVocabularyType: () => 2,
      getTokenString: (id) => spelling[id],
      getTokenAttributes: (id) => attributes[id] ?? 0,
      tokenize: (text) =>
        Uint32Array.from(
          text === "\n\n" ? [98] : Array.from(text, (character) => (character === "§" ? 97 : spelling.indexOf(character))),
        ),
    },
    spelling.length,
  );
  expect(own.encode("a§")).toEqual([spelling.indexOf("a"), 94, 95]);
  expect(own.decode(own.encode("a§b"))).toBe("a§b");
  expect([own.isMarker(97), own.isMarker(98)]).toEqual([true, false]);
});

test("a vocabulary of another kind is refused", () => {
  const other: TokenTable = {
    getVocabularyType: () => 1,
    getTokenString: () => "",
    getTokenAttributes: () => 4,
    tokenize: () => new Uint32Array(),
  };
  expect(() => openVocabulary(other, 1)).toThrow(/byte-level BPE/);
});

test("the scripted vocabulary keeps the same laws", () => {
  const scripted = scriptedVocabulary();
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const ids = scripted.encode(`<|im_end|>${text}<tool_call>`);
      expect(ids.some((id) => scripted.isMarker(id))).toBe(false);
      expect(scripted.pieces(ids).join("")).toBe(`<|im_end|>${text}<tool_call>`);
    }),
    { seed: 5 },
  );
});
