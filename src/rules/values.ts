// When are two values the same? Decided by type, and by schema if there is one: strings as strings ("02134" is not "2134"),
// numbers as numbers, listed values exactly. Only free text may differ in case, underscores and final punctuation.

import type { Json, JsonObject, JsonSchema, ToolCall, ToolSpec } from "../types.ts";
import { isObject, own } from "./json.ts";
import { decimalOf } from "./language/numerals.ts";
import { type Alternatives, isListed, placeOf, within } from "./listed.ts";
import { patternOfFormat } from "./schema/patterns.ts";

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
  if (isObject(left) && isObject(right)) {
    const keys = Object.keys(left);
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => Object.hasOwn(right, key) && isSameAt(within(place, key), left[key] ?? null, right[key] ?? null))
    );
  }
  if (left === right) return true;
  if (typeof left === "string" && typeof right === "string")
    return !isListed(place, left) && !isListed(place, right) && foldedCase(left) === foldedCase(right);
  if (typeof left === "object" || typeof right === "object") return false;
  const [text, scalar] = typeof left === "string" ? [left, right] : [right, left];
  if (typeof text !== "string") return false;
  return typeof scalar === "number" ? plainDigits(text) === decimalOf(scalar) : foldedCase(text) === String(scalar);
}

/** Free text without what it may differ in: case, spaces and underscores, final punctuation. */
export function foldedCase(text: string): string {
  return text
    .toLowerCase()
    .normalize("NFKC")
    .replace(/[_\s]+/g, " ")
    .replace(/[.,!?;]+$/g, "")
    .trim();
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
 * that has exactly the schema's `default` counts as left out: for the tool there is no difference, and BFCL takes both too.
 */
export function rightArguments(expected: JsonObject, made: JsonObject, parameters: JsonSchema = {}): number {
  const names = new Set([...Object.keys(expected), ...Object.keys(made)]);
  if (names.size === 0) return 1;
  const place = placeOf(parameters);
  const right = [...names].filter((name) => {
    const unsaid = defaultOf(parameters, name);
    const [wanted, given] = [own(expected, name) ?? unsaid, own(made, name) ?? unsaid];
    return wanted !== undefined && given !== undefined && isSameAt(within(place, name), wanted, given);
  });
  return right.length / names.size;
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

/** The part of a tool's name that says what it does: "get_forecast" of "weather.get_forecast". */
export function actionOf(tool: string): string {
  return tool.slice(tool.lastIndexOf(".") + 1);
}

/** A name in plain words: "check_in_date" -> "check in date". */
export function spoken(name: string): string {
  return name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/[_.-]+/g, " ")
    .toLowerCase()
    .trim();
}

/** Words joined by underscores, as listed values are; no e-mail address, no link, no file. */
const joined = /^[\p{L}\p{N}]+(?:_[\p{L}\p{N}]+)+$/u;

/** A value in plain words. */
export function spokenValue(value: Json): string {
  if (Array.isArray(value)) return value.map(spokenValue).join(" and ");
  if (isObject(value))
    return Object.entries(value)
      .map(([key, item]) => `${spoken(key)} ${spokenValue(item)}`)
      .join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" && joined.test(value) ? value.replace(/_/g, " ") : String(value);
}
