// The token laws on the small real model, and on test tables for what no available model has.
import fc from "fast-check";
import { expect, test } from "vitest";
import { openVocabulary, type TokenTable } from "../../../src/llm/engine/vocabulary.ts";
import { scriptedVocabulary } from "../../../src/llm/scripted.ts";
import { vocabularySuite } from "../../suites/vocabulary.suite.ts";
import { smallModel } from "./small-model.ts";

vocabularySuite("smollm2-135m-instruct", smallModel);

test("a marker of one character is encoded in bytes, and user-defined white space is not a marker", () => {
  // a byte-level test table: byte tokens, the marker "§" (bytes C2 A7) and user-defined newlines
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

test("a vocabulary of another kind is rejected", () => {
  const other: TokenTable = {
    getVocabularyType: () => 3,
    getTokenString: () => "",
    getTokenAttributes: () => 4,
    tokenize: () => new Uint32Array(),
  };
  expect(() => openVocabulary(other, 1)).toThrow(/neither byte-level BPE .* nor SentencePiece/);
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
