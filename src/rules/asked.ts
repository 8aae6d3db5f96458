// When was the user asked for a value that only they know? Read from what was said, by rule: a question that names the value, or
// one that the user answers with it. Pure. A question beside a call is none: who calls has not waited for the answer.
import type { HeldBack, Message, Task } from "../types.ts";
import { tells } from "./blame.ts";
import { asks, asksFor } from "./question.ts";

/** What rules read of an episode: who said what, and which calls were made. */
export interface Transcript {
  readonly task: Pick<Task, "expected" | "heldBack">;
  readonly messages: readonly Pick<Message, "role" | "text" | "calls">[];
}

/** Index of the message that first asks for a held-back value; infinity if none does. */
export function askedAt({ task, messages }: Transcript, held: HeldBack): number {
  const at = messages.findIndex((message, index) => {
    if (message.role !== "assistant") return false;
    if (asksFor(message, held)) return true;
    const next = messages[index + 1]; // after a call its result
    return asks(message.text) && next?.role === "user" && tells(next.text, held, task);
  });
  return at < 0 ? Number.POSITIVE_INFINITY : at;
}
