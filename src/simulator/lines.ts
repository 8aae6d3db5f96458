// The episode as everybody but the policy reads it. It is derived from the messages alone, so that no role reads a text that
// differs from the policy's: what was said without the reasoning, notes and plans, each call with its result as returned, and at
// the end also a turn that a limit cut off and calls that it kept from being executed. What the policy only tried is not part of it.

import type { Dialect } from "../config/config.ts";
import { parseToolCalls } from "../llm/text/tool-call.ts";
import { toldWords } from "../llm/text/trial.ts";
import { spacedJson } from "../rules/json.ts";
import type { Line, Message, Trajectory } from "../types.ts";

/** Appended to a turn that a limit cut off. */
const cutOff = "[cut off]";

/** The lines of the conversation so far. `cut`: a limit cut off the last turn. */
export function linesOf(messages: readonly Message[], dialect: Dialect, cut = false): Line[] {
  const last = messages.at(-1);
  const told = messages.filter(({ phase }) => phase !== "trial");
  return told.flatMap((message, at): Line[] => {
    const { role, text } = message;
    if (role === "user") return [{ role, text }];
    if (role !== "assistant") return []; // results follow their calls; the system prompt is not part of the conversation
    const parsed = parseToolCalls(text, dialect);
    const { calls, errors } = parsed;
    const rest = toldWords(parsed, message.phase);
    const words = cut && message === last ? `${rest} ${cutOff}`.trim() : rest;
    const written = [
      ...calls.map(({ name, arguments: given }) => spacedJson({ name, arguments: given })),
      ...errors.map((error) => error.text),
    ];
    const next = told[at + 1];
    // each result is one line of JSON, in the order of the calls
    const results = next?.role === "tool" ? next.text.split("\n") : null;
    return [
      ...(words === "" ? [] : [{ role, text: words }]),
      ...written.flatMap((call, index): Line[] =>
        results === null
          ? [{ role: "unexecuted", text: call }]
          : [
              { role: "call", text: call },
              { role: "result", text: results[index] ?? "" },
            ],
      ),
    ];
  });
}

/** Whether a limit cut off the last turn: one that is reached between two turns leaves a whole turn. */
export function endsCut({ status, stopReason, messages }: Pick<Trajectory, "status" | "stopReason" | "messages">): boolean {
  const whole = stopReason === "max_tool_turns" || stopReason === "max_user_turns";
  return status === "truncated" && !whole && messages.at(-1)?.role === "assistant";
}
