// What everybody but the policy reads of an episode. It is derived from the messages and from nothing else, so that no
// role can read another text than the policy did: what was said without its thinking, each call with the result as it came
// back, and at the end also what a limit cut off or kept from being carried out.

import { type Dialect, parseToolCalls } from "../llm/text/tool-call.ts";
import { spacedJson } from "../rules/json.ts";
import type { Line, Message, Trajectory } from "../types.ts";

/** Behind the words of a turn that a limit ended in its middle. */
const cutOff = "[cut off]";

/** The lines of the talk so far. `cut`: the last turn was cut off in its middle. */
export function linesOf(messages: readonly Message[], dialect: Dialect, cut = false): Line[] {
  return messages.flatMap(({ role, text }, at): Line[] => {
    if (role === "user") return [{ role, text }];
    if (role !== "assistant") return []; // results stand beside their calls; the system prompt is no talk
    const { calls, errors, rest } = parseToolCalls(text, dialect);
    const words = cut && at === messages.length - 1 ? `${rest} ${cutOff}`.trim() : rest;
    const written = [
      ...calls.map(({ name, arguments: given }) => spacedJson({ name, arguments: given })),
      ...errors.map((error) => error.text),
    ];
    const next = messages[at + 1];
    // a result is one line of JSON, and they come in the order of the calls
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

/** Whether the last turn was cut off in its middle: a limit that is met between two turns leaves a whole one. */
export function endsCut({ status, stopReason, messages }: Pick<Trajectory, "status" | "stopReason" | "messages">): boolean {
  return status === "truncated" && stopReason !== "max_tool_turns" && messages.at(-1)?.role === "assistant";
}
