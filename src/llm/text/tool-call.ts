// Text of an assistant turn -> tool calls, and back, in the dialect that a policy writes (dialect.ts). Unknown tools and wrong
// arguments are checked elsewhere (rules/validate.ts). If the template itself opened the reasoning, prefix the text with
// `<think>` (thinking.ts).
import type { Dialect } from "../../config/config.ts";
import { spacedJson } from "../../rules/json.ts";
import type { ToolCall } from "../../types.ts";
import type { MalformedCall } from "./call-blocks.ts";
import { dialectTable } from "./dialect.ts";
import { replyStart } from "./thinking.ts";

export interface ParsedCalls {
  readonly calls: readonly ToolCall[];
  readonly errors: readonly MalformedCall[];
  /** The text around calls, errors and reasoning, trimmed: what the user reads. */
  readonly rest: string;
}

/**
 * Finds the calls of one assistant turn.
 * @param text the decoded turn, without stop markers
 * @returns calls in order, malformed calls, and the visible rest
 */
export function parseToolCalls(text: string, dialect: Dialect): ParsedCalls {
  const { opening, read } = dialectTable[dialect];
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

/** One call as the dialect's own models write it; parseToolCalls reads it back. */
export function formatToolCall(call: ToolCall, dialect: Dialect): string {
  return formatToolCalls([call], dialect);
}

/** The calls of one turn, as the words of the dialect ask for several. */
export function formatToolCalls(calls: readonly ToolCall[], dialect: Dialect): string {
  const { argumentsKey, one, several } = dialectTable[dialect];
  const { open, between, close } = calls.length === 1 ? one : several;
  const written = calls.map(({ name, arguments: given }) => spacedJson({ name, [argumentsKey]: given }));
  return `${open}${written.join(between)}${close}`;
}
