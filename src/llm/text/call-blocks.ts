// The readers of call blocks: what stands at an opening marker of a dialect. Nothing is repaired: malformed calls are errors for
// the policy to read. A block ends at its own closing marker or before the next opening one, whichever comes first (block-end.ts), so
// a broken call does not affect the others. Data without "arguments" is an answer, also a lone {"name": …}.
import { isObject, jsonEnd, parseJson, spacedJson } from "../../rules/json.ts";
import type { Json, ToolCall } from "../../types.ts";
import { nextEnd, valueEnd } from "./block-end.ts";

/** A malformed call. */
export interface MalformedCall {
  /** What was written, markers included. */
  readonly text: string;
  /** For the model: what is wrong. Names no tag: models repeat what they read, and the tag would open a call. */
  readonly reason: string;
}

/** What was read at one opening marker: calls and errors, or plain text (both empty, `shown`), and the index of its end. */
export interface Block {
  readonly calls: readonly ToolCall[];
  readonly errors: readonly MalformedCall[];
  readonly shown: boolean;
  readonly end: number;
}

/** The key under which a call has its arguments. */
export type ArgumentsKey = "arguments" | "parameters";

export const tagOpen = "<tool_call>";
export const tagClose = "</tool_call>";
export const pythonTag = "<|python_tag|>";
export const fence = "```";

export function readTagged(text: string, start: number): Block {
  if (text.startsWith(tagClose, start)) {
    return failed(text, start, start + tagClose.length, "a call is closed but was never opened");
  }
  const from = start + tagOpen.length;
  const limit = nextEnd(text, from, "tag");
  if (!text.startsWith(tagClose, limit)) {
    const stop = valueEnd(text.slice(0, limit), skipBlanks(text, from));
    return failed(text, start, stop, "the call is never closed");
  }
  const end = limit + tagClose.length;
  const parsed = parseJson(text.slice(from, limit));
  if (parsed.ok) return judged([parsed.value], "arguments", text.slice(start, end), end);
  return failed(text, start, end, notKept(parsed.unsafe) ?? "the call is not valid JSON");
}

export function readFence(text: string, start: number): Block {
  const info = /[^\n`{[]*/y;
  info.lastIndex = start + fence.length;
  const language = (info.exec(text)?.[0] ?? "").trim().toLowerCase();
  const from = info.lastIndex;
  const limit = nextEnd(text, from, "fence");
  // a closing fence has no language; one with a language opens the next
  const closed = limit < text.length && !/^```[a-z][\w+-]*[ \t]*[\n{[]/i.test(text.slice(limit, limit + 32));
  const end = closed ? limit + fence.length : limit;
  if (language !== "json" && language !== "") return plain(end);
  const inside = text.slice(0, limit);
  const values = readValues(inside, from);
  const whole = skipBlanks(inside, values.end) === limit;
  const items = values.items.flat();
  const meant = whole
    ? items.some((item) => isObject(item) && Object.hasOwn(item, "arguments"))
    : names(inside, from, "arguments");
  if (!meant) return plain(end); // data shown to the user is an answer, not a call
  const stop = values.items.length > 0 ? values.end : valueEnd(inside, skipBlanks(inside, from));
  if (!closed) return failed(text, start, stop, "the code fence is not closed");
  if (!whole) return failed(text, start, end, notKept(values.unsafe) ?? "the code fence does not hold valid JSON");
  return judged(items, "arguments", text.slice(start, end), end);
}

export function readBare(text: string, start: number, argumentsKey: ArgumentsKey): Block {
  const inside = text.slice(0, nextEnd(text, start + 1, argumentsKey));
  const end = valueEnd(inside, start);
  const parsed = parseJson(text.slice(start, end));
  if (!parsed.ok) {
    if (!names(text.slice(0, end), start, argumentsKey)) return plain(end);
    return failed(text, start, end, notKept(parsed.unsafe) ?? "the call is not valid JSON");
  }
  const items = [parsed.value].flat();
  const isCall = items.some((item) => isObject(item) && Object.hasOwn(item, "name") && Object.hasOwn(item, argumentsKey));
  return isCall ? judged(items, argumentsKey, text.slice(start, end), end) : plain(end);
}

export function readAfterPythonTag(text: string, start: number): Block {
  const at = skipBlanks(text, start + pythonTag.length);
  const inside = text.slice(0, nextEnd(text, /[[{]/.test(text.charAt(at)) ? at + 1 : at, "parameters"));
  const end = valueEnd(inside, at);
  const parsed = parseJson(text.slice(at, end));
  if (parsed.ok) return judged([parsed.value], "parameters", text.slice(start, end), end);
  return failed(text, start, end, notKept(parsed.unsafe) ?? "no valid JSON object follows");
}

/** JSON objects and lists that follow each other from `start`; `end` is after the last one without unsafe numbers. */
function readValues(text: string, start: number): { items: Json[]; end: number; unsafe: string | null } {
  const items: Json[] = [];
  let end = start;
  for (;;) {
    const from = skipBlanks(text, end);
    const stop = jsonEnd(text, from);
    const parsed = parseJson(text.slice(from, Math.max(from, stop)));
    if (!parsed.ok) return { items, end, unsafe: parsed.unsafe };
    items.push(parsed.value);
    end = stop;
  }
}

/** Splits parsed values into calls and errors; one bad call does not affect the others. */
function judged(values: readonly Json[], argumentsKey: ArgumentsKey, text: string, end: number): Block {
  const calls: ToolCall[] = [];
  const errors: MalformedCall[] = [];
  for (const value of values) {
    const call = asCall(value, argumentsKey);
    if (typeof call === "string") errors.push({ text: values.length === 1 ? text : spacedJson(value), reason: call });
    else calls.push(call);
  }
  return { calls, errors, shown: false, end };
}

/** The call, or what is wrong with it. */
function asCall(value: Json, argumentsKey: ArgumentsKey): ToolCall | string {
  if (!isObject(value)) return `a call must be one JSON object with "name" and "${argumentsKey}"`;
  const { name } = value;
  const args = value[argumentsKey];
  if (name === undefined) return 'the call has no "name"';
  if (typeof name !== "string" || name === "") return '"name" must be the name of a tool';
  if (args === undefined) return `the call has no "${argumentsKey}"`;
  if (!isObject(args)) return `"${argumentsKey}" must be a JSON object`;
  const unknown = Object.keys(value).find((key) => key !== "name" && key !== argumentsKey);
  return unknown === undefined ? { name, arguments: args } : `unknown key "${unknown}" beside "name" and "${argumentsKey}"`;
}

/** Whether invalid JSON was meant as a call, with the quotes of JSON or, as an object or a list, with Python's. */
function names(text: string, from: number, argumentsKey: ArgumentsKey): boolean {
  const inside = text.slice(from);
  const key = (quote: string) => new RegExp(`${quote}${argumentsKey}${quote}\\s*:`).test(inside);
  return key('"') || (/^\s*[[{]/.test(inside) && key("'"));
}

function notKept(number: string | null): string | null {
  return number === null ? null : `the number ${number} is too large to be exact; if the tool takes text, write it in quotes`;
}

export function plain(end: number): Block {
  return { calls: [], errors: [], shown: true, end };
}

function failed(text: string, start: number, end: number, reason: string): Block {
  return { calls: [], errors: [{ text: text.slice(start, end), reason }], shown: false, end };
}

function skipBlanks(text: string, from: number): number {
  const next = text.slice(from).search(/\S/);
  return next < 0 ? text.length : from + next;
}
