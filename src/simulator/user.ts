// The simulated user: chooses the next sentence from the blueprint's menu by log-odds (each held-back detail, thanks, a
// complaint) and never writes one: a small simulator that writes speaks in the assistant's voice. The odds are calibrated
// against a conversation in which the assistant has said nothing, so that a letter's own liking does not decide.
import type { ChatMessage, ChatModel } from "../llm/llm.ts";
import type { Failure, Task } from "../types.ts";
import { failureOf, type Patience, weigh } from "./ask.ts";
import type { Line } from "./prompts/transcript.ts";
import { transcriptText } from "./prompts/transcript.ts";

export type UserAnswer =
  | {
      readonly ok: true;
      readonly text: string;
      /** Chosen: a held-back detail, thanks or a complaint. Written: a message, or silence. Thanks and silence end the talk. */
      readonly kind: "detail" | "thanks" | "complaint" | "message" | "silence";
      readonly detail: number | null;
      readonly reward: number;
    }
  | { readonly ok: false; readonly failure: Failure };

interface Choice {
  readonly text: string;
  readonly kind: "detail" | "thanks" | "complaint";
  /** Index into task.heldBack. */
  readonly detail: number | null;
}

const letters = ["A", "B", "C", "D", "E", "F", "G", "H"] as const;

/** The user's next sentence. `told` are the held-back details already given; thanks ends the talk. */
export async function nextSentence(
  task: Task,
  lines: readonly Line[],
  told: ReadonlySet<number>,
  simulator: ChatModel,
  patience: Patience,
  signal?: AbortSignal,
): Promise<UserAnswer> {
  const menu = choices(task, told);
  const options = menu.map((_, index) => ` ${letters[index] ?? "H"}`);
  const weighed = (conversation: readonly Line[]) =>
    weigh(simulator, "user", { messages: prompt(task, conversation, menu), lead: "Answer:", options }, patience, signal);
  try {
    const [said, silent] = [await weighed(lines), await weighed([...lines.slice(0, 1), { role: "assistant", text: "..." }])];
    const odds = said.map((logprob, index) => logprob - (silent[index] ?? 0));
    const best = odds.indexOf(Math.max(...odds));
    const choice = menu[best];
    if (!choice)
      return { ok: false, failure: { boundary: "user", code: "invalid_reply", text: "no option has a finite log-probability" } };
    // a good turn draws out a detail, a bad one a complaint
    const reward = choice.kind === "detail" ? 1 : choice.kind === "complaint" ? -1 : 0;
    return { ok: true, ...choice, reward };
  } catch (error) {
    return { ok: false, failure: failureOf("user", error) };
  }
}

function choices(task: Task, told: ReadonlySet<number>): Choice[] {
  const details = task.heldBack.flatMap((held, detail) =>
    told.has(detail) ? [] : [{ text: held.sentence, kind: "detail" as const, detail }],
  );
  return [
    ...details.slice(0, letters.length - 2),
    { text: task.thanks, kind: "thanks", detail: null },
    { text: task.complaint, kind: "complaint", detail: null },
  ];
}

function prompt(task: Task, lines: readonly Line[], menu: readonly Choice[]): ChatMessage[] {
  const listed = menu.map((choice, index) => `(${letters[index]}) ${choice.text}`).join("\n");
  return [
    {
      role: "system",
      content: "You decide what the user of an assistant says next. A detail is said only when the assistant asks for it.",
    },
    {
      role: "user",
      content: `The user wants: ${task.intent}\n\nConversation:\n${transcriptText(lines)}\n\nWhat does the user say next?\n${listed}`,
    },
  ];
}
