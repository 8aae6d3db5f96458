// A hand-written talk as the episode that a rollout would have left behind: the messages that rules read, and what roles read
// of them. Turns go through the parser of the policy's turns, so that a tag without a call is here what it is there.

import { type Dialect, formatToolCall, parseToolCalls } from "../llm/text/tool-call.ts";
import { spacedJson } from "../rules/json.ts";
import { isSameCall } from "../rules/values.ts";
import { linesOf } from "../simulator/lines.ts";
import type { Episode, Json, Message, Role, Task, ToolCall } from "../types.ts";
import type { Turn } from "./world.ts";

/** How the talks' calls are written; any dialect would do. */
export const dialect: Dialect = "hermes";

/**
 * The finished episode of `turns`. @throws RangeError for an unexpected call that is given no result: a fault of the data.
 * @param member index of the talk within its world; seeds of written verdicts derive from it
 */
export function replay(task: Task, turns: readonly Turn[], member: number): Episode {
  const messages = [
    message("system", task.systemPrompt),
    message("user", task.firstMessage),
    ...turns.flatMap((turn) => played(turn, task)),
  ];
  return {
    lines: linesOf(messages, dialect),
    trajectory: {
      task,
      sample: member,
      policyVersion: 0,
      seed: member,
      messages,
      status: "terminated",
      stopReason: "user_done",
      verdict: null,
      failure: null,
      counts: {},
      seconds: 0,
    },
  };
}

/** The messages of one turn: a call with its result, a text with what the parser says of its broken calls, or the user. */
function played(turn: Turn, task: Task): Message[] {
  if (typeof turn === "string") {
    const errors = parseToolCalls(turn, dialect).errors.map(({ reason }) => `the call could not be parsed: ${reason}`);
    const answers = errors.map((error) => spacedJson({ error })).join("\n");
    return [message("assistant", turn), ...(errors.length > 0 ? [message("tool", answers)] : [])];
  }
  if ("user" in turn) return [message("user", turn.user)];
  const called = message("assistant", formatToolCall(turn.call, dialect), [turn.call]);
  return [called, message("tool", spacedJson(resultOf(turn, task)))];
}

function resultOf({ call, result }: { readonly call: ToolCall; readonly result?: Json }, task: Task): Json {
  const known = result ?? task.expected.find((expected) => isSameCall(expected, call, task.tools))?.result;
  if (known === undefined) throw new RangeError(`${task.id}: the call of ${call.name} is not expected; give it a result`);
  return known;
}

function message(role: Role, text: string, calls: readonly ToolCall[] = []): Message {
  return { role, text, sample: 0, ids: [], logprobs: null, turnReward: null, calls };
}
