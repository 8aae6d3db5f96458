// Where a block of calls ends at the latest: at its closing marker or the next opening one, outside a JSON string; and where JSON
// that never closes gives way to words. Read from left to right, each run of blanks once: models write thousands of newlines.
import { jsonEnd } from "../../rules/json.ts";

/** A string from its opening quote. */
const jsonString = /"[^"\\\n]*(?:\\.[^"\\\n]*)*"(?=\s*[}\],:])/y;

/** Quotes, and the markers at which a block ends; one that begins with a bracket is a bare call. */
const marks = {
  tag: /"|<\/?tool_call>/g,
  fence: /"|```/g,
  arguments: /"|```|(?:\[\s*)?\{\s*(["'])(?:name|arguments)\1\s*:/g,
  parameters: /"|<\|python_tag\|>|(?:\[\s*)?\{\s*(["'])(?:type|name|parameters)\1\s*:/g,
} as const;

/** The position of the next marker of a kind; the end of the text if there is none. */
export function nextEnd(text: string, from: number, kind: keyof typeof marks): number {
  const mark = marks[kind];
  mark.lastIndex = from;
  for (;;) {
    const found = mark.exec(text);
    if (found === null) return text.length;
    const [what] = found;
    if (what === '"') mark.lastIndex = stringEnd(text, found.index);
    else if (!/^[[{]/.test(what) || standsAlone(text, found.index)) return found.index;
    else mark.lastIndex = found.index + 1;
  }
}

/**
 * After the string that the quote at `at` opens; after the quote if it opens none. JSON allows a string on one line, after `{ [ , :`
 * and before `} ] , :`. So quotes in broken JSON and in the text after it cannot form a string that hides a marker.
 */
function stringEnd(text: string, at: number): number {
  jsonString.lastIndex = at;
  return /[{[,:]$/.test(charBefore(text, at).char) && jsonString.test(text) ? jsonString.lastIndex : at + 1;
}

/** Whether a bracket begins something of its own: on a new line, or after a value, and not as a value of the JSON around it. */
function standsAlone(text: string, at: number): boolean {
  const { char, blanks } = charBefore(text, at);
  return !/[[,:]/.test(char) && (/[;}]/.test(char) || blanks.includes("\n"));
}

/** The last character before `at` that is no blank, and the blanks between; empty at the start of the text. */
function charBefore(text: string, at: number): { readonly char: string; readonly blanks: string } {
  const before = text.slice(0, at);
  const { length } = before.trimEnd();
  return { char: before.charAt(length - 1), blanks: before.slice(length) };
}

/** Blanks that hold a newline, and a letter that begins no literal: words, which JSON has only in its strings. */
const words = /\S[^\S\n]*\n\s*(?!(?:true|false|null)\b)\p{L}/u;

/** The end of the JSON at `at`; if it never closes, the first line of words or the end of the text. */
export function valueEnd(text: string, at: number): number {
  if (text[at] !== "{" && text[at] !== "[") return text.length;
  const line = words.exec(text.slice(at));
  const inside = line === null ? text : text.slice(0, at + line.index + line[0].indexOf("\n"));
  const stop = jsonEnd(inside, at);
  return stop < 0 ? inside.length : stop;
}
