// Foreign text on its way through a chat template: a placeholder of private-use characters goes in where a user's, a tool's or
// a description's words belong, and what comes out is cut at the placeholders. So the template's markers and somebody's text
// that looks like one can be told apart (law 2). A placeholder survives trimming, and the quote in it tells how often it was
// escaped as JSON; the text that takes its place is escaped alike.
import { PlayactError } from "../../errors.ts";
import type { Json, ToolSpec } from "../../types.ts";
import type { Vocabulary } from "../llm.ts";

const [first, second, end] = [0xe000, 0xe400, "\uf8ff"];
const whole = /([\ue000-\ue3ff])([\ue400-\ue7ff])(\\*)"\uf8ff/g;

/** The text that stands for the foreign text of this number, 0 to 1,048,575. */
export function placeholder(number: number): string {
  return `${String.fromCharCode(first + (number >> 10), second + (number & 1023))}"${end}`;
}

/** A place of a rendered text: foreign text of this number, escaped as JSON so many times. */
export interface Placeholder {
  readonly number: number;
  readonly escapes: number;
}

/**
 * What a template wrote, in order: texts of its own, and the places of foreign text.
 * @throws PlayactError("template") where it has taken a placeholder apart.
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
    throw new PlayactError("template", "The chat template takes apart the texts that it is given.");
  return parts;
}

/** Words of JSON Schema that templates ask for by name; they are no marker and stand as they are. */
const plainWords = new Set(
  "type function name description parameters properties required enum items default format title anyOf oneOf allOf nullable additionalProperties object string integer number boolean array null".split(
    " ",
  ),
);

/** A tool as templates expect it (`returns` stays hidden), each text of it but the plain words through `stand`. */
export function throughPlaceholders({ name, description, parameters }: ToolSpec, stand: (text: string) => string): Json {
  const known = new Map<string, string>();
  const through = (text: string): string => {
    if (plainWords.has(text)) return text;
    const mark = known.get(text) ?? stand(text); // one text, one placeholder: templates look names up in `required`
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

/** What a placeholder stands for: somebody's words, or ids of the policy. `alone`: its tokens join no neighbour's. */
export type Meant = { readonly text: string; readonly alone: boolean } | { readonly ids: readonly number[] };

/** Ids of a rendered text: markers where the template wrote them, nowhere else. */
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
    const add = (text: string, alone: boolean) => {
      if (alone) end();
      run += text;
      if (alone) end();
    };
    for (const part of cutAtPlaceholders(rendered)) {
      const meaning = typeof part === "string" ? undefined : meant[part.number];
      if (typeof part === "string") {
        for (const [at, text] of part.split(marker).entries()) {
          if (at % 2 === 0) add(text, false);
          else {
            end();
            ids.push(vocabulary.marker(text));
          }
        }
      } else if (meaning !== undefined && "text" in meaning) add(escaped(meaning.text, part.escapes), meaning.alone);
      else {
        end();
        ids.push(...(meaning?.ids ?? []));
      }
    }
    end();
    return ids;
  };
}

/** The ids whose text is text[from, to) of their own; one that lies across an end is spelt anew. */
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

/** `text` as it stands in a JSON string of a JSON string … */
function escaped(text: string, times: number): string {
  return times === 0 ? text : escaped(JSON.stringify(text).slice(1, -1), times - 1);
}
