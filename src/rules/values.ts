// When are two values the same? Decided by type, and by schema if there is one: strings as strings ("02134" is not "2134"),
// numbers as numbers, listed values exactly. Only free text may differ in case, underscores and final punctuation.

import type { Json, JsonObject, JsonSchema, ToolCall, ToolSpec } from "../types.ts";
import { isObject, own } from "./json.ts";
import { asMoment } from "./language/moments.ts";
import { decimalOf } from "./language/numerals.ts";
import { apostrophes, hyphens } from "./language/tokens.ts";
import { type Branches, branchesOf, isListed, within } from "./listed.ts";
import { patternOfFormat } from "./schema/patterns.ts";
import { allowsNull } from "./schema/plain.ts";

/** Equality of argument values; a string equals a number if it is that number in plain digits ("2.0" and 2). */
export function sameValue(left: Json, right: Json, schema: JsonSchema = {}): boolean {
  return isSameAt(branchesOf(schema), left, right);
}

function isSameAt(place: Branches, left: Json, right: Json): boolean {
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
export function comparable(place: Branches, text: string): string {
  return momentOf(place, text) ?? foldedCase(text);
}

const zone = /(?:z|[+-]\d{2}:?\d{2})$/i;

/** Words of a description that name the form of a day. */
const dayForm = /\bYYYY-MM-DD|ISO.?8601|RFC.?3339/i;
/** Words of a description that name the form of a time. */
const timeForm = /\bHH\b|ISO.?8601|RFC.?3339/i;
/** A date, a time of day, or both, in the order of ISO 8601: "2026-03-05T9:00Z". An offset alone is none. */
const isoForm = /^(?:\d{4}-\d{2}-\d{2}(?:[T ](?=\d)|$))?(?:\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:Z|[+-]\d{2}:?\d{2})?)?$/i;

/** "2026-03-05T18:00:00+00:00" and "…T18:00:00.000Z" are one moment; a time without an offset is no time with one. Null: no such time. */
function momentOf(place: Branches, text: string): string | null {
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
  const right = names.filter((name) => isSameMember(branchesOf(parameters), name, expected, made));
  return names.length === 0 ? 1 : right.length / names.length;
}

function namesOf(one: JsonObject, other: JsonObject): readonly string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])];
}

/** Whether two objects have the same under a name; one that leaves it out has what that means. */
function isSameMember(place: Branches, name: string, left: JsonObject, right: JsonObject): boolean {
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
export function leftOutAs(place: Branches, name: string): Json | undefined {
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
  return someText(branchesOf(schema), value, isCutAt);
}

function isCutAt(place: Branches, text: string): boolean {
  if (text.trim() === "") return true;
  if (isDescribed(place)) return false;
  const least = place.some(({ maxLength }) => maxLength === 1) ? 1 : 2;
  return text.trim().length < least || /[,;:([{/&+-]$/.test(text.trim());
}

/**
 * True if a date or a time in the value is not in the form that its description names ("as YYYY-MM-DD") where no format or pattern
 * does: a caller who keeps to the description would make another call.
 */
export function isMisformed(value: Json, schema: JsonSchema = {}): boolean {
  return someText(branchesOf(schema), value, isMisformedAt);
}

function isMisformedAt(place: Branches, text: string): boolean {
  const moment = asMoment(text);
  if (moment === null || isoForm.test(text.trim()) || isDescribed(place)) return false;
  return place.some(({ description: page }) => {
    if (typeof page !== "string" || /\b[ap]\.?m\b/i.test(page)) return false;
    // the day beside a time may have any form
    return dayForm.test(page) || (/\bHH:MM\b/i.test(page) && moment.day === undefined);
  });
}

/** Whether a text in the value that its schema does not list is so. */
function someText(place: Branches, value: Json, isSo: (place: Branches, text: string) => boolean): boolean {
  if (Array.isArray(value)) return value.some((item: Json, index) => someText(within(place, index), item, isSo));
  if (isObject(value)) return Object.entries(value).some(([name, item]) => someText(within(place, name), item, isSo));
  return typeof value === "string" && !isListed(place, value) && isSo(place, value);
}

/** Whether a schema of the place says what its texts look like. */
function isDescribed(place: Branches): boolean {
  const isKnown = (format: Json | undefined) => typeof format === "string" && patternOfFormat(format) !== null;
  return place.some(({ pattern, format }) => typeof pattern === "string" || isKnown(format));
}

/** The scalars of a value, in order. */
export function leaves(value: Json): Json[] {
  return namedLeaves(value).map(({ leaf }) => leaf);
}

/** The scalars of a value, in order, each with the name of the member that holds it or its list; without one `name`. */
export function namedLeaves(value: Json, name = ""): readonly { readonly name: string; readonly leaf: Json }[] {
  if (Array.isArray(value)) return value.flatMap((item: Json) => namedLeaves(item, name));
  if (isObject(value)) return Object.entries(value).flatMap(([key, item]) => namedLeaves(item, key));
  return [{ name, leaf: value }];
}
