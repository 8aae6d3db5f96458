// Untrusted JSON: where a value inside other text ends, its parsed value, and JSON as models write it. What jsonEnd delimits
// may still be malformed; parseJson decides. Departs from JSON.parse: a number that a double cannot represent is rejected, not
// rounded, because order 1917043659912705297 is not order 1917043659912705300.
import type { Json, JsonObject, JsonSchema } from "../types.ts";

/**
 * Index after the object or list that opens at `start`; -1 if none opens there or it never closes. Brackets and tags
 * inside strings are ignored.
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

/** The value of a JSON text, or the number that a double cannot represent (see unsafeNumber), or null if it is not JSON. */
export type Parsed = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly unsafe: string | null };

export function parseJson(text: string): Parsed {
  try {
    const value = JSON.parse(text) as Json; // JSON.parse returns nothing else
    const unsafe = unsafeNumber(text);
    return unsafe === null ? { ok: true, value } : { ok: false, unsafe };
  } catch {
    return { ok: false, unsafe: null };
  }
}

/** The value of a JSON text, its numbers as doubles have them; undefined if it is not JSON. */
export function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json; // JSON.parse returns nothing else
  } catch {
    return undefined;
  }
}

const stringOrNumber = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * The first number of a JSON text that a double cannot represent, as written; null if there is none. That is one beyond 2^53
 * that would be printed with other digits, or as infinity. A smaller fraction may be rounded: it is a measure, not a name.
 */
export function unsafeNumber(text: string): string | null {
  const digits = (number: string) => number.replace(/[eE].*|[^\d]/g, "").replace(/^0+|0+$/g, "");
  for (const [written] of text.matchAll(stringOrNumber)) {
    const value = Number(written); // NaN for a string, by its quotes
    if (Math.abs(value) > Number.MAX_SAFE_INTEGER && digits(written) !== digits(String(value))) return written;
  }
  return null;
}

/** Plain readonly data as JSON, as the store holds it. */
export function asJson(data: object): Json {
  return JSON.parse(JSON.stringify(data)) as Json; // JSON.parse returns nothing else
}

/** The properties of an object's schema. */
export function propertiesOf(schema: JsonSchema): JsonObject {
  return isObject(schema.properties) ? schema.properties : {};
}

/** One line with a space after `:` and `,`, as the chat templates' tojson writes calls and as models learned them. */
export function spacedJson(value: Json): string {
  // Newlines inside strings are escaped: every real one comes from the indentation.
  return JSON.stringify(value, null, 1).replace(/,?\n */g, (gap) => (gap.startsWith(",") ? ", " : ""));
}

/** An object, neither null nor a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own member of the object; undefined for inherited names (constructor, __proto__). */
export function own(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
