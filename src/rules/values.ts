// When are two values the same? By type, and by schema where one is at hand: texts as texts ("02134" is not "2134"), numbers
// as numbers, what a schema lists exactly. Case, underscores and outer punctuation are forgiven in free text alone.

import type { Json, JsonObject, JsonSchema, ToolCall, ToolSpec } from "../types.ts";
import { isObject, own } from "./json.ts";
import { decimalOf } from "./language/numerals.ts";
import { type Alternatives, isListed, placeOf, within } from "./listed.ts";

/** Equality of argument values; a text beside a number counts where it is that number in plain digits ("2.0" and 2). */
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
  return typeof scalar === "number" ? isPlainNumber(text, scalar) : foldedCase(text) === String(scalar);
}

function foldedCase(text: string): string {
  return text
    .toLowerCase()
    .normalize("NFKC")
    .replace(/[_\s]+/g, " ")
    .replace(/[.,!?;]+$/g, "")
    .trim();
}

/** "2", "2.0" and "-2.50", never "02" or "1e3". */
function isPlainNumber(text: string, number: number): boolean {
  if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text.trim())) return false;
  return (
    text
      .trim()
      .replace(/(\.\d*?)0+$/, "$1")
      .replace(/\.$/, "") === decimalOf(number)
  );
}

/** Share of the expected arguments that are there with the right value; an extra argument counts as a wrong one. 0..1. */
export function rightArguments(expected: JsonObject, made: JsonObject, parameters: JsonSchema = {}): number {
  const names = new Set([...Object.keys(expected), ...Object.keys(made)]);
  if (names.size === 0) return 1;
  const place = placeOf(parameters);
  const right = [...names].filter((name) => {
    const [wanted, given] = [own(expected, name), own(made, name)];
    return wanted !== undefined && given !== undefined && isSameAt(within(place, name), wanted, given);
  });
  return right.length / names.size;
}

/** The same tool with the same argument values; of `tools`, the one that is called says what its schema lists. */
export function isSameCall(left: ToolCall, right: ToolCall, tools: readonly ToolSpec[] = []): boolean {
  if (left.name !== right.name) return false;
  const tool = tools.find(({ name }) => name === left.name);
  return rightArguments(left.arguments, right.arguments, tool?.parameters) === 1;
}

/**
 * Does some text of a value stop short: is it empty, a single character, or cut at something that must go on? What the
 * schema lists never is: C and F, O+, <.
 */
export function isCutShort(value: Json, schema: JsonSchema = {}): boolean {
  return isCutAt(placeOf(schema), value);
}

function isCutAt(place: Alternatives, value: Json): boolean {
  if (Array.isArray(value)) return value.some((item, index) => isCutAt(within(place, index), item));
  if (isObject(value)) return Object.entries(value).some(([name, item]) => isCutAt(within(place, name), item));
  if (typeof value !== "string" || isListed(place, value)) return false;
  return value.trim().length < 2 || /[,;:([{/&+-]$/.test(value.trim());
}

/** Scalars of a value, in order. */
export function leaves(value: Json): Json[] {
  if (Array.isArray(value)) return value.flatMap(leaves);
  if (isObject(value)) return Object.values(value).flatMap(leaves);
  return [value];
}

/** "check_in_date" as a person says it. */
export function spoken(name: string): string {
  return name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/[_.-]+/g, " ")
    .toLowerCase()
    .trim();
}

/** A value as a person says it. */
export function spokenValue(value: Json): string {
  if (Array.isArray(value)) return value.map(spokenValue).join(" and ");
  if (isObject(value))
    return Object.entries(value)
      .map(([key, item]) => `${spoken(key)} ${spokenValue(item)}`)
      .join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value.replace(/_/g, " ") : String(value);
}
