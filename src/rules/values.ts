// When are two values the same? Decided by type, and by schema if there is one: strings as strings ("02134" is not "2134"),
// numbers as numbers, listed values exactly. Only free text may differ in case, underscores and final punctuation.

import type { Json, JsonObject, JsonSchema, ToolCall, ToolSpec } from "../types.ts";
import { isObject, own } from "./json.ts";
import { asMoment } from "./language/moments.ts";
import { decimalOf } from "./language/numerals.ts";
import { apostrophes, hyphens } from "./language/tokens.ts";
import { type Alternatives, isListed, placeOf, within } from "./listed.ts";
import { patternOfFormat } from "./schema/patterns.ts";
import { allowsNull } from "./schema/plain.ts";

/** Equality of argument values; a string equals a number if it is that number in plain digits ("2.0" and 2). */
export function sameValue(left: Json, right: Json, schema: JsonSchema = {}): boolean {
  return isSameAt(placeOf(schema), left, right);
}

function isSameAt(place: Alternatives, left: Json, right: Json): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return (
      left.length === right.length && left.every((item, index) => isSameAt(within(place, index), item, right[index] ?? null))
    );
  }
  if (isObject(left) && isObject(right)) return namesOf(left, right).every((name) => isSameMember(place, name, left, right));
  if (left === right) return true;
  if (typeof left === "string" && typeof right === "string")
    return !isListed(place, left) && !isListed(place, right) && comparable(place, left) === comparable(place, right);
  if (typeof left === "object" || typeof right === "object") return false;
  const [text, scalar] = typeof left === "string" ? [left, right] : [right, left];
  if (typeof text !== "string") return false;
  return typeof scalar === "number" ? plainDigits(text) === decimalOf(scalar) : foldedCase(text) === String(scalar);
}

/** A text as it is compared: where the schema has it a time, the moment that it means, else without what free text may differ in. */
export function comparable(place: Alternatives, text: string): string {
  return momentOf(place, text) ?? foldedCase(text);
}

const zone = /(?:z|[+-]\d{2}:?\d{2})$/i;

/** Words of a description that name the form of a time. */
const timeForm = /\bHH\b|ISO.?8601|RFC.?3339/i;
/** A date, a time of day, or both, in the order of ISO 8601: "2026-03-05T9:00Z". An offset alone is none. */
const isoForm = /^(?:\d{4}-\d{2}-\d{2}(?:[T ](?=\d)|$))?(?:\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:Z|[+-]\d{2}:?\d{2})?)?$/i;

/** "2026-03-05T18:00:00+00:00" and "…T18:00:00.000Z" are one moment; a time without an offset is no time with one. Null: no such time. */
function momentOf(place: Alternatives, text: string): string | null {
  const isFormatted = place.some(({ format }) => typeof format === "string");
  const isTime = place.some(({ description }) => typeof description === "string" && timeForm.test(description));
  if (isTime && !isFormatted && isoForm.test(text)) {
    const moment = asMoment(text);
    if (moment !== null) return JSON.stringify(moment);
  }
  const day = place.some(({ format }) => format === "date-time") ? "" : "2000-01-01T";
  if (day !== "" && !place.some(({ format }) => format === "time")) return null;
  const at = Date.parse(`${day}${text.trim()}${zone.test(text.trim()) ? "" : "Z"}`);
  return Number.isNaN(at) ? null : `${new Date(at).toISOString()}${zone.test(text.trim()) ? "" : " local"}`;
}

/** Free text without what it may differ in: case, spaces and underscores, forms of a mark, final punctuation unless it is all there is. */
export function foldedCase(text: string): string {
  const folded = text
    .toLowerCase()
    .normalize("NFKC")
    .replace(apostrophes, "'")
    .replace(hyphens, "-")
    .replace(/[_\s]+/g, " ")
    .trim();
  return folded.replace(/[ .,!?;。]+$/u, "") || folded;
}

/** The shortest digits of a number in plain digits: "2" of "2.0", "-2.5" of "-2.50"; null for other text, as "02" and "1e3". */
export function plainDigits(text: string): string | null {
  if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text.trim())) return null;
  return text
    .trim()
    .replace(/(\.\d*?)0+$/, "$1")
    .replace(/\.$/, "");
}

/**
 * Share of the expected arguments that have the right value, 0..1; an extra argument counts as a wrong one. An optional argument
 * that is what leaving it out means (`leftOutAs`) counts as left out: for the tool there is no difference, and BFCL takes both too.
 */
export function rightArguments(expected: JsonObject, made: JsonObject, parameters: JsonSchema = {}): number {
  const names = namesOf(expected, made);
  const right = names.filter((name) => isSameMember(placeOf(parameters), name, expected, made));
  return names.length === 0 ? 1 : right.length / names.length;
}

function namesOf(one: JsonObject, other: JsonObject): readonly string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])];
}

/** Whether two objects have the same under a name; one that leaves it out has what that means. */
function isSameMember(place: Alternatives, name: string, left: JsonObject, right: JsonObject): boolean {
  const unsaid = leftOutAs(place, name);
  const [one, other] = [left, right].map((object) => {
    const value = own(object, name);
    return value === undefined || (value === null && unsaid !== undefined) ? unsaid : value;
  });
  return one !== undefined && other !== undefined && isSameAt(within(place, name), one, other);
}

/**
 * What an optional member of an object is if it is left out: its default, or null where the schema takes that and names no default;
 * undefined if no schema of the place says.
 */
export function leftOutAs(place: Alternatives, name: string): Json | undefined {
  const describing = place.filter(({ properties }) => isObject(properties) && Object.hasOwn(properties, name));
  if (place.some(({ required }) => Array.isArray(required) && required.includes(name))) return undefined;
  const byDefault = describing.map((schema) => defaultOf(schema, name)).find((value) => value !== undefined);
  return byDefault ?? (within(describing, name).some(allowsNull) ? null : undefined);
}

/** What an optional argument is if it is left out; undefined if the schema does not say. */
export function defaultOf({ properties = {}, required = [] }: JsonSchema, name: string): Json | undefined {
  if (Array.isArray(required) && required.includes(name)) return undefined;
  const schema = isObject(properties) ? own(properties, name) : undefined;
  return isObject(schema) ? own(schema, "default") : undefined;
}

/** The same tool with the same argument values; the schema of the called tool in `tools` gives the listed values. */
export function isSameCall(left: ToolCall, right: ToolCall, tools: readonly ToolSpec[] = []): boolean {
  if (left.name !== right.name) return false;
  const tool = tools.find(({ name }) => name === left.name);
  return rightArguments(left.arguments, right.arguments, tool?.parameters) === 1;
}

/**
 * True if a string in the value is incomplete: empty, a single character, or ending in a sign that needs a continuation. What the
 * schema describes is complete: a listed value (C and F, O+, <), a text with a pattern or a format, a single letter where no more fit.
 */
export function isCutShort(value: Json, schema: JsonSchema = {}): boolean {
  return isCutAt(placeOf(schema), value);
}

function isCutAt(place: Alternatives, value: Json): boolean {
  if (Array.isArray(value)) return value.some((item, index) => isCutAt(within(place, index), item));
  if (isObject(value)) return Object.entries(value).some(([name, item]) => isCutAt(within(place, name), item));
  if (typeof value !== "string" || isListed(place, value)) return false;
  if (value.trim() === "") return true;
  if (isDescribed(place)) return false;
  const least = place.some(({ maxLength }) => maxLength === 1) ? 1 : 2;
  return value.trim().length < least || /[,;:([{/&+-]$/.test(value.trim());
}

/** Whether a schema of the place says what its texts look like. */
function isDescribed(place: Alternatives): boolean {
  const isKnown = (format: Json | undefined) => typeof format === "string" && patternOfFormat(format) !== null;
  return place.some(({ pattern, format }) => typeof pattern === "string" || isKnown(format));
}

/** The scalars of a value, in order. */
export function leaves(value: Json): Json[] {
  if (Array.isArray(value)) return value.flatMap(leaves);
  if (isObject(value)) return Object.values(value).flatMap(leaves);
  return [value];
}
