// The text that a pattern leaves open around what it asks for: "^https?://" begins a value, "\\.csv$" ends one, "@" stands somewhere
// in one. Written alone such a piece would be the same in every value. A pattern that forgot its anchors means the whole value
// ("[A-Z]{3}-\\d{4}"), so what varies itself and is open at both ends gets no text around it.
import type { AST } from "@eslint-community/regexpp";
import { digitSet, letterSet, longest, type Rule, shortest, unescaped } from "./rule.ts";

/** Characters of a text. */
export interface Lengths {
  readonly least: number;
  readonly most: number;
}

/** An element of a pattern and what it becomes. */
export interface Part {
  readonly node: AST.Element;
  readonly rule: Rule;
}

/** Letters come first: they are drawn more often. */
const anyText: Rule = { line: { set: [...letterSet, ...digitSet, ...unescaped] } };

/** A piece, one alternative of a pattern with these parts, and the text before and behind it, as long as a text without pattern may be. */
export function withTextAround(piece: Rule, parts: readonly Part[], { least, most }: Lengths): Rule {
  const nodes = parts.map(({ node }) => node);
  const [openBefore, openBehind] = [isOpen(nodes, 0), isOpen(nodes, -1)];
  if (!openBefore && !openBehind) return piece;
  const written = parts.filter(({ node }) => node.type !== "Assertion").map(({ rule }) => rule);
  const [first = "", second] = written;
  const last = written.at(-1) ?? "";
  const isFixed = !varies(piece);
  const isCharacter = second === undefined && typeof first === "object" && "set" in first;
  // where text and piece take the same characters, each place at which the piece may begin or end costs time with every token
  const precedes = openBefore && (isFixed || (!openBehind && (isCharacter || !varies(first))));
  const follows =
    openBehind && (isFixed || ((isCharacter || !openBefore) && (shortest(last) === longest(last) || !varies(last))));

  const missing = Math.max(0, least - shortest(piece));
  const spare = Math.max(0, most - longest(piece) - missing);
  const before = !precedes ? 0 : follows ? Math.floor(spare / 2) : spare;
  const behind = follows ? spare - before : 0;
  const [padBefore, padBehind] = openBehind ? [0, missing] : [missing, 0];
  return { all: [...text(padBefore, padBefore + before), piece, ...text(padBehind, padBehind + behind)] };
}

function text(least: number, most: number): Rule[] {
  return most === 0 ? [] : [{ of: anyText, least, most }];
}

/** Whether a pattern is a choice of words without anchors ("low|medium|high"): each is meant as the whole value. */
export function isChoice(alternatives: readonly AST.Alternative[]): boolean {
  return alternatives.length > 1 && alternatives.every(({ elements }) => isOpen(elements, 0) && isOpen(elements, -1));
}

/**
 * Whether text may stand before the first or behind the last element: no alternative has an anchor there, or a look at what stands
 * there. A look ahead from the end leaves it open.
 */
function isOpen(elements: readonly AST.Element[], end: 0 | -1): boolean {
  const node = elements.at(end);
  if (node?.type === "Group" || node?.type === "CapturingGroup")
    return node.alternatives.every((alternative) => isOpen(alternative.elements, end));
  return node?.type !== "Assertion" || (end === -1 && node.kind === "lookahead");
}

/** Whether texts of the rule differ in more than the case of a letter and what is left out; a choice of words does. */
function varies(rule: Rule): boolean {
  if (typeof rule === "string") return false;
  if ("set" in rule) return rule.set.reduce((size, [from, to]) => size + to - from + 1, 0) > 2;
  if ("line" in rule) return varies(rule.line);
  if ("of" in rule) return varies(rule.of);
  if ("all" in rule) return rule.all.some(varies);
  return rule.any.some(varies) || rule.any.filter((part) => longest(part) > 1).length > 1;
}
