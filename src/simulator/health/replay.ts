// A hand-written talk as the episode that a rollout would have left behind: the lines that roles read and the messages that
// rules read. Turns go through the parser of the policy's turns, so that a tag without a call is here what it is there.
import { spacedJson } from "../../json-text.ts";
import type { Episode } from "../../rollout/rollout.ts";
import { type Dialect, formatToolCall, parseToolCalls } from "../../rollout/tool-call.ts";
import { isSameCall } from "../../tasks/values.ts";
import type { Json, Message, Role, Task, ToolCall } from "../../types.ts";
import type { Line } from "../prompts/transcript.ts";
import type { Turn } from "./world.ts";

/** How the talks' calls are written; any dialect would do. */
export const dialect: Dialect = "hermes";

/**
 * The finished episode of `turns`. @throws RangeError for an unexpected call that is given no result: a fault of the data.
 * @param member index of the talk within its world; seeds of written verdicts derive from it
 */
export function replay(task: Task, turns: readonly Turn[], member: number): Episode {
  const lines: Line[] = [{ role: "user", text: task.firstMessage }];
  const messages: Message[] = [message("system", task.systemPrompt), message("user", task.firstMessage)];
  const answered = (called: string, result: string) => {
    lines.push({ role: "call", text: called }, { role: "result", text: result });
    messages.push(message("tool", result));
  };
  for (const turn of turns) {
    if (typeof turn === "string") {
      const { rest, errors } = parseToolCalls(turn, dialect);
      messages.push(message("assistant", turn));
      if (rest !== "") lines.push({ role: "assistant", text: rest });
      for (const { text, reason } of errors) answered(text, spacedJson({ error: `the call could not be parsed: ${reason}` }));
    } else if ("user" in turn) {
      messages.push(message("user", turn.user));
      lines.push({ role: "user", text: turn.user });
    } else {
      const { call } = turn;
      messages.push(message("assistant", formatToolCall(call, dialect), [call]));
      answered(spacedJson({ name: call.name, arguments: call.arguments }), spacedJson(resultOf(turn, task)));
    }
  }
  return {
    lines,
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

function resultOf({ call, result }: { readonly call: ToolCall; readonly result?: Json }, task: Task): Json {
  const known = result ?? task.expected.find((expected) => isSameCall(expected, call, task.tools))?.result;
  if (known === undefined) throw new RangeError(`${task.id}: the call of ${call.name} is not expected; give it a result`);
  return known;
}

function message(role: Role, text: string, calls: readonly ToolCall[] = []): Message {
  return { role, text, sample: 0, ids: [], logprobs: null, turnReward: null, calls };
}
