// Regular expressions as rules, so that a reply under a `pattern` or a `format` matches by construction. Unbounded repetition
// gets a bound; what a rule cannot express (lookahead, word boundaries) is left to validation. A capturing group is a named rule:
// a pattern that repeats one has it in its grammar once.
import { type AST, RegExpParser } from "@eslint-community/regexpp";
import { type CharacterSet, type Rule, shortest, unescaped } from "./rule.ts";

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
  return Object.hasOwn(formats, format) ? (formats[format] ?? null) : null;
}

/**
 * The content of a JSON string that matches the pattern.
 * @param bounds `least`: a pattern with an open end is padded to this many characters; `most` bounds open repetition
 * @throws SyntaxError for an invalid regular expression, RangeError for what a rule cannot express
 */
export function patternRule(pattern: string, bounds: { readonly least: number; readonly most: number }): Rule {
  const parsed = new RegExpParser().parsePattern(pattern, 0, pattern.length, { unicode: flagsOf(pattern) === "u" });
  const endless = Math.min(openEnded, bounds.most);
  const alternatives = ({ alternatives: all }: { readonly alternatives: readonly AST.Alternative[] }): Rule => ({
    any: all.map(({ elements }): Rule => ({ all: joined(elements.map(element)) })),
  });
  const element = (node: AST.Element): Rule => {
    switch (node.type) {
      case "Assertion":
        return "";
      case "Group":
        return alternatives(node);
      case "CapturingGroup":
        return { line: alternatives(node) };
      case "Quantifier": {
        const most = Math.min(node.max, Math.max(node.min, endless));
        return { of: element(node.element), least: node.min, most };
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
  const rule = alternatives(parsed);
  const missing = bounds.least - shortest(rule);
  if (missing <= 0 || /\$$/.test(pattern)) return rule;
  return { all: [rule, { of: { set: unescaped }, least: missing, most: missing }] };
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

const letters: CharacterSet = [
  [0x61, 0x7a],
  [0x41, 0x5a],
];
const digits: CharacterSet = [[0x30, 0x39]];

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
        node.kind === "digit" ? digits : node.kind === "space" ? spaces : [...letters, ...digits, [0x5f, 0x5f] as const];
      if (node.kind === "property") return letters; // \p{…}: in practice these ask for letters
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
