// Foreign text in a chat template: a placeholder of private-use characters replaces each text of a user, a tool or a
// description, and the output is split at the placeholders. So the template's markers and foreign text that looks like one can
// be told apart (law 2). A placeholder survives trimming, and the quote in it shows how often it was escaped as JSON; the text
// that replaces it is escaped the same number of times.
import { PlayactError } from "../../errors.ts";
import type { Json, ToolSpec } from "../../types.ts";
import type { Vocabulary } from "../llm.ts";

const [first, second, end] = [0xe000, 0xe400, "\uf8ff"];
const whole = /([\ue000-\ue3ff])([\ue400-\ue7ff])(\\*)"\uf8ff/g;

/** The placeholder for the foreign text of this number, 0 to 1,048,575. */
export function placeholder(number: number): string {
  return `${String.fromCharCode(first + (number >> 10), second + (number & 1023))}"${end}`;
}

/** A placeholder found in a rendered text: the foreign text of this number, escaped as JSON this many times. */
export interface Placeholder {
  readonly number: number;
  readonly escapes: number;
}

/**
 * A template's output in order: its own texts, and placeholders.
 * @throws PlayactError("template") if it has split a placeholder
 */
export function cutAtPlaceholders(rendered: string): (string | Placeholder)[] {
  const parts: (string | Placeholder)[] = [];
  let at = 0;
  for (const { 0: all, 1: high = "", 2: low = "", 3: slashes = "", index } of rendered.matchAll(whole)) {
    parts.push(rendered.slice(at, index));
    const number = ((high.charCodeAt(0) - first) << 10) + low.charCodeAt(0) - second;
    // a quote escaped k times has 2^k - 1 backslashes before it
    parts.push({ number, escapes: Math.log2(slashes.length + 1) });
    at = index + all.length;
  }
  parts.push(rendered.slice(at));
  if (parts.some((part) => (typeof part === "string" ? /[\ue000-\uf8ff]/.test(part) : !Number.isInteger(part.escapes))))
    throw new PlayactError("template", "The chat template splits the texts that it receives.");
  return parts;
}

/** Words of JSON Schema that templates look up by name; they are not markers and are kept. */
const plainWords = new Set(
  "type function name description parameters properties required enum items default format title anyOf oneOf allOf nullable additionalProperties object string integer number boolean array null".split(
    " ",
  ),
);

/** A tool as templates expect it (`returns` stays hidden); every text except the plain words goes through `stand`. */
export function throughPlaceholders({ name, description, parameters }: ToolSpec, stand: (text: string) => string): Json {
  const known = new Map<string, string>();
  const through = (text: string): string => {
    if (plainWords.has(text)) return text;
    const mark = known.get(text) ?? stand(text); // one placeholder per text: templates look up names in `required`
    known.set(text, mark);
    return mark;
  };
  const walk = (value: Json): Json => {
    if (typeof value === "string") return through(value);
    if (Array.isArray(value)) return value.map(walk);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, own]) => [through(key), walk(own)]));
  };
  return walk({ type: "function", function: { name, description, parameters } });
}

/** What a placeholder stands for: foreign text, or ids of the policy. */
export type Meant = { readonly text: string } | { readonly ids: readonly number[] };

/** Ids of a rendered text: markers only where the template wrote them, and all text between two of them tokenized as one. */
export function encoderOf(vocabulary: Vocabulary) {
  const longestFirst = [...vocabulary.markers].sort((one, other) => other.length - one.length);
  const marker = new RegExp(`(${longestFirst.map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|")})`);
  return (rendered: string, meant: readonly Meant[]): number[] => {
    const ids: number[] = [];
    let run = "";
    const end = () => {
      ids.push(...(run === "" ? [] : vocabulary.encode(run)));
      run = "";
    };
    for (const part of cutAtPlaceholders(rendered)) {
      const meaning = typeof part === "string" ? undefined : meant[part.number];
      if (typeof part === "string") {
        for (const [at, text] of part.split(marker).entries()) {
          if (at % 2 === 0) run += text;
          else {
            end();
            ids.push(vocabulary.marker(text));
          }
        }
      } else if (meaning !== undefined && "text" in meaning) run += escaped(meaning.text, part.escapes);
      else {
        end();
        ids.push(...(meaning?.ids ?? []));
      }
    }
    end();
    return ids;
  };
}

/** The ids whose text is text[from, to); an id that crosses an end is encoded again. */
export function slice(vocabulary: Vocabulary, ids: readonly number[], from: number, to: number): number[] {
  let at = 0;
  return vocabulary.pieces(ids).flatMap((piece, index) => {
    const [start, end] = [at, at + piece.length];
    at = end;
    if (start >= to || end < from || (end === from && piece !== "")) return [];
    const own = ids[index];
    if (start >= from && end <= to) return own === undefined ? [] : [own];
    return vocabulary.encode(piece.slice(Math.max(0, from - start), to - start));
  });
}

/** `text` escaped as in a JSON string of a JSON string … */
function escaped(text: string, times: number): string {
  return times === 0 ? text : escaped(JSON.stringify(text).slice(1, -1), times - 1);
}
