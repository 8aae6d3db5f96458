// Text of an assistant turn -> tool calls, and back, for each dialect a policy may write. Nothing is repaired: what is not
// well-formed is an error for the policy to read. Thinking (`<think>…</think>`) holds no calls and is not shown to the
// user; where the template itself opened it, prefix the text with `<think>`. Stop markers are cut off before. Unknown
// tools and wrong arguments are not judged here (tasks/validate.ts).
import { isObject, jsonEnd, spacedJson } from "../json-text.ts";
import type { Json, ToolCall } from "../types.ts";

export const dialects = ["hermes", "json-fence", "llama-3.1"] as const;
export type Dialect = (typeof dialects)[number];

/** A call that was tried and is none. */
export interface MalformedCall {
  /** What was written, markers included. */
  readonly text: string;
  /** For the model: what is wrong with it. */
  readonly reason: string;
}

export interface ParsedCalls {
  readonly calls: readonly ToolCall[];
  readonly errors: readonly MalformedCall[];
  /** The text around calls, errors and thinking, trimmed: what the user reads. */
  readonly rest: string;
}

/** What stands at one opening: calls and errors, or plain text (both empty, `shown`), and the index where it ends. */
interface Block {
  readonly calls: readonly ToolCall[];
  readonly errors: readonly MalformedCall[];
  readonly shown: boolean;
  readonly end: number;
}

interface DialectRules {
  /** Where a call may open; the search never starts inside a block. Needs the flag g. */
  readonly opening: RegExp;
  /** Reads the block at `start`; `before` is the visible text so far. */
  readonly read: (text: string, start: number, before: string) => Block;
  readonly format: (call: ToolCall) => string;
}

const thinkOpen = "<think>";
const thinkClose = "</think>";
const tagOpen = "<tool_call>";
const tagClose = "</tool_call>";
const pythonTag = "<|python_tag|>";
const fence = "```";

const rules: Readonly<Record<Dialect, DialectRules>> = {
  // Qwen and Hermes: one object in a pair of tags, any number of pairs.
  hermes: {
    opening: /<think>|<\/?tool_call>/g,
    read: readTagged,
    format: ({ name, arguments: args }) => `${tagOpen}\n${spacedJson({ name, arguments: args })}\n${tagClose}`,
  },
  // What coder models write by themselves: objects or a list in a fence, or bare at the start of a line.
  "json-fence": {
    opening: /<think>|```|(?:^|(?<=<\/think>))[ \t]*(?:\[\s*)?\{\s*"(?:name|arguments)"\s*:/gm,
    read: (text, start) => (text.startsWith(fence, start) ? readFence(text, start) : readBare(text, start, "arguments")),
    format: ({ name, arguments: args }) => `${fence}json\n${spacedJson({ name, arguments: args })}\n${fence}`,
  },
  // Llama 3.1: the object alone, or after the model's marker; several are separated by semicolons or blanks.
  "llama-3.1": {
    opening: /<think>|<\|python_tag\|>|(?:^|(?<=<\/think>))\s*\{\s*"(?:type|name|parameters)"\s*:/g,
    read: (text, start, before) => {
      if (text.startsWith(pythonTag, start)) return readAfterPythonTag(text, start);
      return before.trim() === "" ? readBare(text, start, "parameters") : plain(start + 1);
    },
    format: ({ name, arguments: args }) => spacedJson({ name, parameters: args }),
  },
};

/**
 * Finds the calls of one assistant turn.
 * @param text the turn as decoded, without stop markers
 * @returns calls in order, what was meant as a call but is malformed, and the visible rest
 */
export function parseToolCalls(text: string, dialect: Dialect): ParsedCalls {
  const { opening, read } = rules[dialect];
  const calls: ToolCall[] = [];
  const errors: MalformedCall[] = [];
  let rest = "";
  let position = 0;
  while (position < text.length) {
    opening.lastIndex = position;
    const start = opening.exec(text)?.index ?? text.length;
    rest += text.slice(position, start);
    if (text.startsWith(thinkOpen, start)) {
      position = after(text, thinkClose, start);
      continue;
    }
    const block = start < text.length ? read(text, start, rest) : plain(text.length);
    if (block.shown) rest += text.slice(start, block.end);
    calls.push(...block.calls);
    errors.push(...block.errors);
    position = block.end;
  }
  return { calls, errors, rest: rest.trim() };
}

/** One call as the dialect's own models write it; parseToolCalls reads it back. Join several with a newline. */
export function formatToolCall(call: ToolCall, dialect: Dialect): string {
  return rules[dialect].format(call);
}

function readTagged(text: string, start: number): Block {
  if (text.startsWith(tagClose, start)) {
    return failed(text, start, start + tagClose.length, `${tagClose} without ${tagOpen}`);
  }
  const from = start + tagOpen.length;
  // A closing tag inside a string of the JSON does not end the call, so the search begins behind the JSON.
  const jsonStop = jsonEnd(text, skipBlanks(text, from));
  const close = text.indexOf(tagClose, Math.max(from, jsonStop));
  if (close < 0) return failed(text, start, text.length, `${tagOpen} without ${tagClose}`);
  const end = close + tagClose.length;
  const value = parseJson(text.slice(from, close));
  if (value === undefined) return failed(text, start, end, "the call is not valid JSON");
  return judged([value], "arguments", text.slice(start, end), end);
}

function readFence(text: string, start: number): Block {
  const info = /[^\n`{[]*/y;
  info.lastIndex = start + fence.length;
  const language = (info.exec(text)?.[0] ?? "").trim().toLowerCase();
  const from = info.lastIndex;
  if (language !== "json" && language !== "") return plain(after(text, fence, from));
  const values = readValues(text, from, /\s*/y);
  const close = text.indexOf(fence, values.end);
  const items = values.items.flat();
  const meant = items.some((item) => isMeantAsCall(item, "arguments"));
  if (language === "" && !meant) return plain(after(text, fence, values.end));
  if (close < 0) return failed(text, start, text.length, "the code fence is not closed");
  const end = close + fence.length;
  if (values.items.length === 0 || skipBlanks(text, values.end) !== close) {
    return failed(text, start, end, "the code fence does not hold valid JSON");
  }
  if (!meant) return plain(end); // data shown to the user is an answer, not a call
  return judged(items, "arguments", text.slice(start, end), end);
}

function readBare(text: string, start: number, argumentsKey: ArgumentsKey): Block {
  const values = readValues(text, start, argumentsKey === "parameters" ? /[\s;]*/y : /\s*/y);
  const [first] = values.items;
  if (first === undefined) {
    const stop = jsonEnd(text, skipBlanks(text, start));
    return failed(text, start, stop < 0 ? text.length : stop, "the call is not valid JSON");
  }
  const items = values.items.flat();
  const isCall = items.some((item) => isObject(item) && Object.hasOwn(item, "name") && Object.hasOwn(item, argumentsKey));
  return isCall ? judged(items, argumentsKey, text.slice(start, values.end), values.end) : plain(values.end);
}

function readAfterPythonTag(text: string, start: number): Block {
  const values = readValues(text, start + pythonTag.length, /[\s;]*/y);
  if (values.items.length === 0) return failed(text, start, text.length, `no valid JSON object after ${pythonTag}`);
  return judged(values.items, "parameters", text.slice(start, values.end), values.end);
}

/** JSON objects and lists that follow each other from `start`; `end` is behind the last one that parses. */
function readValues(text: string, start: number, separator: RegExp): { items: Json[]; end: number } {
  const items: Json[] = [];
  let end = start;
  for (;;) {
    separator.lastIndex = end;
    separator.exec(text);
    const stop = jsonEnd(text, separator.lastIndex);
    const value = stop < 0 ? undefined : parseJson(text.slice(separator.lastIndex, stop));
    if (value === undefined) return { items, end };
    items.push(value);
    end = stop;
  }
}

type ArgumentsKey = "arguments" | "parameters";

/** Splits parsed values into calls and errors; one bad call does not spoil its neighbours. */
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

/** The call, or why it is none. */
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

function isMeantAsCall(value: Json, argumentsKey: ArgumentsKey): boolean {
  return isObject(value) && (Object.hasOwn(value, "name") || Object.hasOwn(value, argumentsKey));
}

function plain(end: number): Block {
  return { calls: [], errors: [], shown: true, end };
}

function failed(text: string, start: number, end: number, reason: string): Block {
  return { calls: [], errors: [{ text: text.slice(start, end), reason }], shown: false, end };
}

/** Index behind the next `marker`, or the end of the text. */
function after(text: string, marker: string, from: number): number {
  const index = text.indexOf(marker, from);
  return index < 0 ? text.length : index + marker.length;
}

function skipBlanks(text: string, from: number): number {
  const next = text.slice(from).search(/\S/);
  return next < 0 ? text.length : from + next;
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json; // JSON.parse yields nothing else
  } catch {
    return undefined;
  }
}
