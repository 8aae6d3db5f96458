// Text of an assistant turn -> tool calls, and back, for each dialect a policy may write. Nothing is repaired: malformed calls
// are errors for the policy to read. A call ends at its own closing marker or before the next opening one, whichever comes
// first outside a JSON string, so a broken call does not affect the others. Data without "arguments" is an answer, also a lone
// {"name": …}. Unknown tools and wrong arguments are checked elsewhere (rules/validate.ts). If the template itself opened the
// reasoning, prefix the text with `<think>` (thinking.ts).
import type { Dialect } from "../../config/config.ts";
import { isObject, jsonEnd, parseJson, spacedJson } from "../../rules/json.ts";
import type { Json, ToolCall } from "../../types.ts";
import { replyStart } from "./thinking.ts";

/** A malformed call. */
export interface MalformedCall {
  /** What was written, markers included. */
  readonly text: string;
  /** For the model: what is wrong. Names no tag: models repeat what they read, and the tag would open a call. */
  readonly reason: string;
}

export interface ParsedCalls {
  readonly calls: readonly ToolCall[];
  readonly errors: readonly MalformedCall[];
  /** The text around calls, errors and reasoning, trimmed: what the user reads. */
  readonly rest: string;
}

/** What was read at one opening marker: calls and errors, or plain text (both empty, `shown`), and the index of its end. */
interface Block {
  readonly calls: readonly ToolCall[];
  readonly errors: readonly MalformedCall[];
  readonly shown: boolean;
  readonly end: number;
}

interface DialectRules {
  /** Where a call may open; never searched inside a block. Needs the flag g. */
  readonly opening: RegExp;
  /** Reads the block at `start`; `since` is where the text since the last call begins. */
  readonly read: (text: string, start: number, since: number) => Block;
  readonly format: (call: ToolCall) => string;
}

const tagOpen = "<tool_call>";
const tagClose = "</tool_call>";
const pythonTag = "<|python_tag|>";
const fence = "```";

const rules: Readonly<Record<Dialect, DialectRules>> = {
  // Qwen and Hermes: one object in a pair of tags, any number of pairs.
  hermes: {
    opening: /<\/?tool_call>/g,
    read: readTagged,
    format: ({ name, arguments: args }) => `${tagOpen}\n${spacedJson({ name, arguments: args })}\n${tagClose}`,
  },
  // What coder models write without being asked: objects or a list in a code fence, or bare at the start of a line.
  "json-fence": {
    opening: /```|(?:\[\s*)?\{\s*"(?:name|arguments)"\s*:/g,
    read: (text, start, since) => {
      if (text.startsWith(fence, start)) return readFence(text, start);
      const line = Math.max(since, text.lastIndexOf("\n", start) + 1);
      return text.slice(line, start).trim() === "" ? readBare(text, start, "arguments") : plain(start + 1);
    },
    format: ({ name, arguments: args }) => `${fence}json\n${spacedJson({ name, arguments: args })}\n${fence}`,
  },
  // Llama 3.1: the object alone, or after the model's marker; several are separated by semicolons or blanks.
  "llama-3.1": {
    opening: /<\|python_tag\|>|\{\s*"(?:type|name|parameters)"\s*:/g,
    read: (text, start, since) => {
      if (!text.startsWith(pythonTag, start) && text.slice(since, start).trim() !== "") return plain(start + 1);
      const block = text.startsWith(pythonTag, start) ? readAfterPythonTag(text, start) : readBare(text, start, "parameters");
      return block.shown ? block : { ...block, end: block.end + (/^\s*;/.exec(text.slice(block.end))?.[0] ?? "").length };
    },
    format: ({ name, arguments: args }) => spacedJson({ name, parameters: args }),
  },
};

/**
 * Finds the calls of one assistant turn.
 * @param text the decoded turn, without stop markers
 * @returns calls in order, malformed calls, and the visible rest
 */
export function parseToolCalls(text: string, dialect: Dialect): ParsedCalls {
  const { opening, read } = rules[dialect];
  const calls: ToolCall[] = [];
  const errors: MalformedCall[] = [];
  let rest = "";
  let position = replyStart(text);
  let since = position;
  for (;;) {
    opening.lastIndex = position;
    const start = opening.exec(text)?.index ?? text.length;
    rest += text.slice(position, start);
    if (start === text.length) return { calls, errors, rest: rest.trim() };
    const block = read(text, start, since);
    if (block.shown) rest += text.slice(start, block.end);
    else since = block.end;
    calls.push(...block.calls);
    errors.push(...block.errors);
    position = block.end;
  }
}

/** One call as the dialect's own models write it; parseToolCalls reads it back. Join several with a newline. */
export function formatToolCall(call: ToolCall, dialect: Dialect): string {
  return rules[dialect].format(call);
}

/**
 * A string where JSON allows one: on one line, after `{ [ , :` and before `} ] , :`. So quotes in broken JSON and in the text
 * after it cannot form a string that hides a marker.
 */
const jsonString = /(?<=[{[,:]\s*)"[^"\\\n]*(?:\\.[^"\\\n]*)*"(?=\s*[}\],:])/;
const outsideStrings = (marker: RegExp) => new RegExp(`${jsonString.source}|(${marker.source})`, "g");

/** Markers at which a block ends at the latest, each with its position as the first group. */
const ends = {
  tag: outsideStrings(/<\/?tool_call>/),
  fence: outsideStrings(/```/),
  // a bare object that is not a value of the JSON around it
  arguments: outsideStrings(/```|(?<=[\n;}]\s*)(?<![[,:]\s*)(?:\[\s*)?\{\s*"(?:name|arguments)"\s*:/),
  parameters: outsideStrings(/<\|python_tag\|>|(?<=[\n;}]\s*)(?<![[,:]\s*)\{\s*"(?:type|name|parameters)"\s*:/),
} as const;

/** The position of the next marker; the end of the text if there is none. */
function nextEnd(text: string, from: number, marker: RegExp): number {
  marker.lastIndex = from;
  for (;;) {
    const found = marker.exec(text);
    if (found === null) return text.length;
    if (found[1] !== undefined) return found.index;
  }
}

function readTagged(text: string, start: number): Block {
  if (text.startsWith(tagClose, start)) {
    return failed(text, start, start + tagClose.length, "a call is closed but was never opened");
  }
  const from = start + tagOpen.length;
  const limit = nextEnd(text, from, ends.tag);
  if (!text.startsWith(tagClose, limit)) {
    const stop = valueEnd(text.slice(0, limit), skipBlanks(text, from));
    return failed(text, start, stop, "the call is never closed");
  }
  const end = limit + tagClose.length;
  const parsed = parseJson(text.slice(from, limit));
  if (parsed.ok) return judged([parsed.value], "arguments", text.slice(start, end), end);
  return failed(text, start, end, notKept(parsed.unsafe) ?? "the call is not valid JSON");
}

function readFence(text: string, start: number): Block {
  const info = /[^\n`{[]*/y;
  info.lastIndex = start + fence.length;
  const language = (info.exec(text)?.[0] ?? "").trim().toLowerCase();
  const from = info.lastIndex;
  const limit = nextEnd(text, from, ends.fence);
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

function readBare(text: string, start: number, argumentsKey: ArgumentsKey): Block {
  const inside = text.slice(0, nextEnd(text, start + 1, ends[argumentsKey]));
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

function readAfterPythonTag(text: string, start: number): Block {
  const at = skipBlanks(text, start + pythonTag.length);
  const inside = text.slice(0, nextEnd(text, text[at] === "{" ? at + 1 : at, ends.parameters));
  const end = valueEnd(inside, at);
  const parsed = parseJson(text.slice(at, end));
  if (parsed.ok) return judged([parsed.value], "parameters", text.slice(start, end), end);
  return failed(text, start, end, notKept(parsed.unsafe) ?? "no valid JSON object follows");
}

/** A line of prose; JSON has none outside its strings. */
const words = /\n\s*(?!(?:true|false|null)\b)\p{L}/u;

/** The end of the JSON at `at`; if it never closes, the first line of prose or the end of the text. */
function valueEnd(text: string, at: number): number {
  if (text[at] !== "{" && text[at] !== "[") return text.length;
  const line = text.slice(at).search(words);
  const inside = line < 0 ? text : text.slice(0, at + line);
  const stop = jsonEnd(inside, at);
  return stop < 0 ? inside.length : stop;
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

type ArgumentsKey = "arguments" | "parameters";

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

/** Whether invalid JSON was meant as a call. */
function names(text: string, from: number, argumentsKey: ArgumentsKey): boolean {
  return new RegExp(`"${argumentsKey}"\\s*:`).test(text.slice(from));
}

function notKept(number: string | null): string | null {
  return number === null ? null : `the number ${number} is too large to be exact; if the tool takes text, write it in quotes`;
}

function plain(end: number): Block {
  return { calls: [], errors: [], shown: true, end };
}

function failed(text: string, start: number, end: number, reason: string): Block {
  return { calls: [], errors: [{ text: text.slice(start, end), reason }], shown: false, end };
}

function skipBlanks(text: string, from: number): number {
  const next = text.slice(from).search(/\S/);
  return next < 0 ? text.length : from + next;
}
