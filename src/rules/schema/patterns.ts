// Regular expressions as rules, so that a reply under a `pattern` or a `format` matches by construction. Unbounded repetition
// gets a bound; what a rule cannot express (lookahead, word boundaries) is left to validation. A capturing group is a named rule:
// a pattern that repeats one has it in its grammar once. What stands around an unanchored pattern is in around.ts.
import { type AST, RegExpParser } from "@eslint-community/regexpp";
import { draws } from "../../rng.ts";
import type { JsonSchema } from "../../types.ts";
import { isChoice, type Lengths, withTextAround } from "./around.ts";
import { type CharacterSet, digitSet, drawn, letterSet, type Rule, unescaped } from "./rule.ts";

/** Most repetitions of `*` and `+`. */
const openEnded = 16;

const date = "(19|20)\\d\\d-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)|02-(0[1-9]|1\\d|2[0-8]))";
const time = "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\dZ";
const uri = "https://[a-z]{2,16}\\.(com|org|net)(/[a-z0-9-]{1,16}){0,4}";

const formats: Readonly<Record<string, string>> = {
  date,
  time,
  "date-time": `${date}T${time}`,
  "iso-time": time,
  "iso-date-time": `${date}T${time}`,
  duration: "P([1-9]\\d?[DWMY]|T[1-9]\\d?[HM])",
  email: "[a-z][a-z0-9]{1,12}([._][a-z]{2,12})?@[a-z]{2,16}\\.(com|org|net)",
  hostname: "[a-z]{2,16}\\.[a-z]{2,16}\\.(com|org|net)",
  ipv4: "(\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d)(\\.(\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d)){3}",
  ipv6: "[0-9a-f]{1,4}(:[0-9a-f]{1,4}){7}",
  uri,
  url: uri,
  "uri-reference": uri,
  "uri-template": uri,
  uuid: "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
  byte: "([A-Za-z0-9+/]{4}){1,16}",
  "json-pointer": "(/[a-z0-9_]{1,12}){1,4}",
  "relative-json-pointer": "\\d(/[a-z0-9_]{1,12}){1,4}",
  regex: "[a-z0-9]{1,24}",
};

/** How a pattern is read: with "u", or without where it is valid only so ("[\\w-.]", "\\-"), as before draft 2019-09. */
export function flagsOf(pattern: string): "u" | "" {
  try {
    new RegExp(pattern, "u");
    return "u";
  } catch {
    return "";
  }
}

/** The pattern of a `format`, or null for an unknown format. */
export function patternOfFormat(format: string): string | null {
  return Object.hasOwn(formats, format) ? `^(?:${formats[format]})$` : null;
}

/** The pattern by which a text under a schema is written; null where it is free. Throws like RegExp. */
export function patternOf({ pattern, format }: JsonSchema): string | null {
  const known = typeof format === "string" ? patternOfFormat(format) : null;
  if (typeof pattern !== "string" || pattern === "") return known;
  return known === null ? pattern : narrower(known, pattern);
}

/** Texts that are tried against a pattern. */
const tried = 8;

/**
 * The first of two patterns where its texts match the second too, else the second: a format knows what a pattern beside it
 * ("^\\d{4}-\\d{2}-\\d{2}$") leaves to the reader. Throws like RegExp.
 */
export function narrower(known: string, pattern: string): string {
  const rule = patternRule(known, { least: 0, most: openEnded });
  const expression = new RegExp(pattern, flagsOf(pattern));
  const texts = Array.from({ length: tried }, (_, at) => drawn(rule, draws("pattern", known, at)));
  return texts.every((text) => expression.test(text)) ? known : pattern;
}

/**
 * The content of a JSON string that matches the pattern, with text around what it leaves open.
 * @param bounds `least`: a pattern with an open end is padded to this many characters; `most` bounds open repetition and text around
 * @throws SyntaxError for an invalid regular expression, RangeError for what a rule cannot express
 */
export function patternRule(pattern: string, bounds: Lengths): Rule {
  const parsed = new RegExpParser().parsePattern(pattern, 0, pattern.length, { unicode: flagsOf(pattern) === "u" });
  const endless = Math.min(openEnded, bounds.most);
  const alternatives = ({ alternatives: all }: { readonly alternatives: readonly AST.Alternative[] }, longest: number): Rule => ({
    any: all.map(({ elements }): Rule => ({ all: joined(elements.map((node) => element(node, longest))) })),
  });
  // `longest`: of a repetition with a bound of its own; within another repetition lengths multiply
  const element = (node: AST.Element, longest: number): Rule => {
    switch (node.type) {
      case "Assertion":
        return "";
      case "Group":
        return alternatives(node, longest);
      case "CapturingGroup":
        return { line: alternatives(node, longest) };
      case "Quantifier": {
        const most = Number.isFinite(node.max) ? longest : endless;
        return { of: element(node.element, endless), least: node.min, most: Math.min(node.max, Math.max(node.min, most)) };
      }
      case "Character":
        return JSON.stringify(String.fromCodePoint(node.value)).slice(1, -1);
      case "CharacterClass":
      case "CharacterSet":
        return writable(setOf(node), node.raw);
      default:
        throw new RangeError(`${node.raw} (a ${node.type}) cannot be expressed in a grammar`);
    }
  };
  return {
    any: parsed.alternatives.map(({ elements }) => {
      const parts = elements.map((node) => ({ node, rule: element(node, bounds.most) }));
      const piece: Rule = { all: joined(parts.map(({ rule }) => rule)) };
      return isChoice(parsed.alternatives) ? piece : withTextAround(piece, parts, bounds);
    }),
  };
}

/** Neighbouring texts as one. */
function joined(rules: readonly Rule[]): Rule[] {
  const all: Rule[] = [];
  for (const rule of rules) {
    const last = all.at(-1);
    if (typeof rule === "string" && typeof last === "string") all.splice(-1, 1, last + rule);
    else all.push(rule);
  }
  return all;
}

function writable(set: CharacterSet, raw: string): Rule {
  const safe = common(set, unescaped);
  if (safe.length > 0) return { set: safe };
  const [first] = set;
  if (first === undefined) throw new RangeError(`${raw} allows no character`);
  return JSON.stringify(String.fromCodePoint(first[0])).slice(1, -1);
}

function setOf(node: AST.CharacterClass | AST.CharacterSet | AST.CharacterClassElement): CharacterSet {
  switch (node.type) {
    case "Character":
      return [[node.value, node.value]];
    case "CharacterClassRange":
      return [[node.min.value, node.max.value]];
    case "CharacterClass": {
      const inside = node.elements.flatMap(setOf);
      return node.negate ? complement(inside) : inside;
    }
    case "CharacterSet": {
      if (node.kind === "any") return unescaped;
      const set =
        node.kind === "digit" ? digitSet : node.kind === "space" ? spaces : [...letterSet, ...digitSet, [0x5f, 0x5f] as const];
      if (node.kind === "property") return letterSet; // \p{…}: in practice these ask for letters
      return node.negate ? complement(set) : set;
    }
    default:
      throw new RangeError(`${node.raw} cannot be expressed in a grammar`);
  }
}

const spaces: CharacterSet = [[0x20, 0x20]];

/** Every other code point. */
function complement(set: CharacterSet): CharacterSet {
  const sorted = set.toSorted(([a], [b]) => a - b);
  const gaps: [number, number][] = [];
  let next = 0;
  for (const [from, to] of sorted) {
    if (from > next) gaps.push([next, from - 1]);
    next = Math.max(next, to + 1);
  }
  if (next <= 0x10ffff) gaps.push([next, 0x10ffff]);
  return gaps;
}

/** Code points in both sets, in the order of the first. */
function common(one: CharacterSet, other: CharacterSet): CharacterSet {
  return one.flatMap(([from, to]) =>
    other.flatMap(([low, high]): [number, number][] =>
      Math.max(from, low) <= Math.min(to, high) ? [[Math.max(from, low), Math.min(to, high)]] : [],
    ),
  );
}
