// JSON of strangers: where a value inside other text ends, what it holds, and JSON as models write it. What jsonEnd delimits
// may still be malformed, parseJson decides. Departs from JSON.parse: a number that a double cannot keep is refused, never
// rounded, for an order 1917043659912705297 is not the order 1917043659912705300.
import type { Json, JsonObject } from "./types.ts";

/**
 * Index after the object or list that opens at `start`; -1 when none opens there or it never closes. Brackets and tags
 * inside strings do not count.
 */
export function jsonEnd(text: string, start: number): number {
  if (text[start] !== "{" && text[start] !== "[") return -1;
  let depth = 0;
  let inString = false;
  for (let index = start; index < text.length; index++) {
    const character = text[index];
    if (inString) {
      if (character === "\\") index++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") {
      depth--;
      if (depth === 0) return index + 1;
    }
  }
  return -1;
}

/** What a JSON text holds, or why nothing that can be kept: words for its writer. */
export function parseJson(text: string): { readonly value: Json } | { readonly reason: string } {
  let value: Json;
  try {
    value = JSON.parse(text) as Json; // JSON.parse yields nothing else
  } catch {
    return { reason: "not valid JSON" };
  }
  const number = unsafeNumber(text);
  if (number === null) return { value };
  return { reason: `the number ${number} is too large to be kept exactly; where a text is allowed, write it in quotes` };
}

/** A string, or a number in its parts: digits before and behind the point, exponent. */
const stringOrNumber = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|-?(\d+)(?:\.(\d+))?([eE][+-]?\d+)?/g;

/**
 * The first number of a JSON text that a double cannot keep, as it is written; null when all can be kept. Beyond 2^53 that is
 * one of more than 15 digits (up to 15 a double tells every two apart), and whatever is infinite. A fraction may be rounded,
 * and so may a number with an exponent: measures, which no digit by digit comparison is made of.
 */
export function unsafeNumber(text: string): string | null {
  for (const [written, whole, fraction = "", exponent] of text.matchAll(stringOrNumber)) {
    if (whole === undefined) continue; // a string
    const size = Math.abs(Number(written));
    if (size <= Number.MAX_SAFE_INTEGER) continue;
    const digits = `${whole}${fraction}`.replace(/^0+|0+$/g, "").length;
    if (size === Infinity || (exponent === undefined && digits > 15)) return written;
  }
  return null;
}

/** One line with a space after `:` and `,`, as the chat templates' tojson writes calls and as models learnt them. */
export function spacedJson(value: Json): string {
  // Inside strings a newline is escaped: every real one comes from the indentation.
  return JSON.stringify(value, null, 1).replace(/,?\n */g, (gap) => (gap.startsWith(",") ? ", " : ""));
}

/** An object, neither null nor a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
