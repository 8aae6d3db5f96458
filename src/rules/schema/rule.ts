// The parts of a grammar, as data: they can be written as GBNF for llama.cpp, measured, and used for seeded draws of the texts
// that they allow. Strings and numbers get named rules: llama.cpp multiplies inline rules that are repeated (at most 2,000),
// but counts a reference as one.
import type { Draws } from "../../rng.ts";

/** Code points from..to, both included. */
export type CharacterSet = readonly (readonly [from: number, to: number])[];

export type Rule =
  | string // this text
  | { readonly set: CharacterSet } // one character
  | { readonly all: readonly Rule[] } // one after the other
  | { readonly any: readonly Rule[] } // one of them
  | { readonly of: Rule; readonly least: number; readonly most: number } // repeated
  | { readonly line: Rule }; // the same, as a named rule

export const letterSet: CharacterSet = [
  [0x61, 0x7a],
  [0x41, 0x5a],
];
export const digitSet: CharacterSet = [[0x30, 0x39]];

/** Characters of a JSON string that need no escape: not a quote, a backslash or a control character. */
export const unescaped: CharacterSet = [
  [0x20, 0x21],
  [0x23, 0x5b],
  [0x5d, 0x7e],
  [0xa0, 0x10ffff],
];

/** GBNF whose root is the rule. */
export function gbnf(root: Rule): string {
  const lines = new Map<string, string>();
  const names = new Map<Rule, string>(); // nested rules contain each other many times over
  const named = (rule: Rule): string => {
    const known = names.get(rule);
    if (known !== undefined) return known;
    const text = alternatives(rule);
    const name = lines.get(text) ?? `r${lines.size + 1}`;
    lines.set(text, name);
    names.set(rule, name);
    return name;
  };
  const alternatives = (rule: Rule): string =>
    typeof rule === "object" && "any" in rule ? rule.any.map(alternatives).join(" | ") : sequence(rule);
  const sequence = (rule: Rule): string =>
    typeof rule === "object" && "all" in rule ? rule.all.map(sequence).filter(Boolean).join(" ") || '""' : item(rule);
  const item = (rule: Rule): string => {
    if (typeof rule === "string") return rule === "" ? "" : quoted(rule);
    if ("set" in rule) return `[${rule.set.map(range).join("")}]`;
    if ("line" in rule) return named(rule.line);
    if ("of" in rule) {
      const { of, least, most } = rule;
      if (most === 0) return "";
      const one = typeof of === "object" && ("set" in of || "line" in of) ? item(of) : `(${alternatives(of)})`;
      return least === 1 && most === 1 ? one : least === 0 && most === 1 ? `${one}?` : `${one}{${least},${most}}`;
    }
    return `(${alternatives(rule)})`;
  };
  const text = alternatives(root);
  return [`root ::= ${text}`, ...[...lines].map(([line, name]) => `${name} ::= ${line}`)].join("\n").concat("\n");
}

function quoted(text: string): string {
  const escaped = text.replace(/["\\]/g, "\\$&").replace(/\n/g, "\\n");
  return `"${escaped}"`;
}

function range([from, to]: readonly [number, number]): string {
  return from === to ? character(from) : `${character(from)}-${character(to)}`;
}

function character(code: number): string {
  const text = String.fromCodePoint(code);
  if (/[A-Za-z0-9]/.test(text)) return text;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
}

/** Length of the shortest text that the rule allows, in characters. */
export function shortest(rule: Rule): number {
  if (typeof rule === "string") return rule.length;
  if ("set" in rule) return 1;
  if ("line" in rule) return shortest(rule.line);
  if ("of" in rule) return rule.least * shortest(rule.of);
  return "all" in rule ? rule.all.reduce((sum, part) => sum + shortest(part), 0) : Math.min(...rule.any.map(shortest));
}

/** Length of the longest text that the rule allows, in characters. */
export function longest(root: Rule): number {
  const measured = new Map<Rule, number>(); // nested rules contain each other many times over
  const lengthOf = (rule: Rule): number => {
    if (typeof rule === "string") return rule.length;
    if ("set" in rule) return 1;
    const known = measured.get(rule);
    if (known !== undefined) return known;
    const length = partsOf(rule);
    measured.set(rule, length);
    return length;
  };
  const partsOf = (rule: Exclude<Rule, string | { readonly set: CharacterSet }>): number => {
    if ("line" in rule) return lengthOf(rule.line);
    if ("of" in rule) return rule.most * lengthOf(rule.of);
    return "all" in rule ? rule.all.reduce((sum, part) => sum + lengthOf(part), 0) : Math.max(...rule.any.map(lengthOf));
  };
  return lengthOf(root);
}

/** Most repetitions of a drawn text beyond the least. */
const drawnMore = 4;

/** One text that the rule allows. */
export function drawn(rule: Rule, random: Draws): string {
  if (typeof rule === "string") return rule;
  if ("set" in rule) {
    const [from, to] = random.pick(rule.set.slice(0, 3)); // plain letters come first
    return String.fromCodePoint(random.integer(from, Math.min(to, from + 60)));
  }
  if ("line" in rule) return drawn(rule.line, random);
  if ("any" in rule) return drawn(random.pick(rule.any), random);
  if ("all" in rule) return rule.all.map((part) => drawn(part, random)).join("");
  const times = random.integer(rule.least, Math.min(rule.most, rule.least + drawnMore));
  return Array.from({ length: times }, () => drawn(rule.of, random)).join("");
}
