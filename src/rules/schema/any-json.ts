// Any JSON value as a rule, for a schema with `"x-any": true`: a text, a number, true, false, null, or lists and records of them. It
// is bounded in nesting and in the length of each part, not of the whole: a reply that runs on is cut at its tokens and asked again.
import { type CharacterSet, type Rule, unescaped } from "./rule.ts";

/** `containers`: lists and records inside each other; `characters` of a text that is the whole value, and of one inside. */
const bounds = { containers: 6, members: 8, characters: 400, inner: 160, keyCharacters: 32 } as const;

const digit: CharacterSet = [[0x30, 0x39]];
const nameStart: CharacterSet = [
  [0x61, 0x7a],
  [0x41, 0x5a],
];
const namePart: CharacterSet = [...nameStart, ...digit, [0x5f, 0x5f], [0x2d, 0x2d], [0x20, 0x20]];

/** A character of a text; unlike the texts of a schema it may be a line break, as in what a command prints. */
const character: Rule = {
  line: {
    any: [{ set: unescaped }, '\\"', "\\\\", "\\n"],
  },
};
const text = (most: number): Rule => ({ line: { all: ['"', { of: character, least: 0, most }, '"'] } });
const number: Rule = {
  line: {
    all: [
      { of: "-", least: 0, most: 1 },
      { any: ["0", { all: [{ set: [[0x31, 0x39]] }, { of: { set: digit }, least: 0, most: 9 }] }] },
      { of: { all: [".", { of: { set: digit }, least: 1, most: 6 }] }, least: 0, most: 1 },
    ],
  },
};
const key: Rule = {
  line: { all: ['"', { set: nameStart }, { of: { set: namePart }, least: 0, most: bounds.keyCharacters - 1 }, '":'] },
};

/** Every value with at most this many lists and records inside each other. */
function anyValue(characters: number, containers: number): Rule {
  const plain: readonly Rule[] = [text(characters), number, "true", "false", "null"];
  if (containers === 0) return { line: { any: plain } };
  const inner = anyValue(bounds.inner, containers - 1);
  return { line: { any: [...plain, listOf("[", inner, "]"), listOf("{", { all: [key, inner] }, "}")] } };
}

function listOf(open: string, item: Rule, close: string): Rule {
  const items: Rule = { all: [item, { of: { all: [",", item] }, least: 0, most: bounds.members - 1 }] };
  return { line: { all: [open, { of: items, least: 0, most: 1 }, close] } };
}

export const anyJson = anyValue(bounds.characters, bounds.containers);
