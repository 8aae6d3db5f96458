// JSON inside other text: where a value that starts here ends, and JSON as models write it. Not a parser: what jsonEnd
// delimits may still be malformed, JSON.parse decides.
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

/** One line with a space after `:` and `,`, as the chat templates' tojson writes calls and as models learnt them. */
export function spacedJson(value: Json): string {
  // Inside strings a newline is escaped: every real one comes from the indentation.
  return JSON.stringify(value, null, 1).replace(/,?\n */g, (gap) => (gap.startsWith(",") ? ", " : ""));
}

/** An object, neither null nor a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
