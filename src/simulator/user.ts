// The simulated user: chooses the next sentence from the blueprint's menu by log-odds (each held-back detail, thanks, a
// complaint) and never writes one: a small simulator that writes speaks in the assistant's voice. The odds are calibrated
// against a conversation in which the assistant has said nothing, so that a letter's own liking does not decide. What a
// person cannot say comes off the menu by rule: no thanks for nothing, no complaint when everything was told.
import type { ChatMessage, ChatModel } from "../llm/llm.ts";
import { refuses } from "../rules/language/refusal.ts";
import { carriedShare } from "../rules/language/said.ts";
import type { Failure, Line, Task } from "../types.ts";
import { failureOf, type Patience, promptOver, weigh } from "./ask.ts";
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
  /** For the turn that it answers: a good one draws out a detail or ends in thanks for all, a bad one draws a complaint. */
  readonly reward: number;
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
  const menu = choices(task, lines, told);
  const [only, ...others] = menu;
  if (only && others.length === 0) return { ok: true, ...only };
  const options = menu.map((_, index) => ` ${letters[index] ?? "H"}`);
  const lead = "Answer:";
  const weighed = (conversation: readonly Line[]) => {
    const messages = promptOver(conversation, simulator, { lead }, (read) => prompt(task, read, menu));
    return weigh(simulator, "user", { messages, lead, options }, patience, signal);
  };
  try {
    const [said, silent] = [await weighed(lines), await weighed([...lines.slice(0, 1), { role: "assistant", text: "..." }])];
    const odds = said.map((logprob, index) => logprob - (silent[index] ?? 0));
    const best = odds.indexOf(Math.max(...odds));
    const choice = menu[best];
    if (!choice)
      return { ok: false, failure: { boundary: "user", code: "invalid_reply", text: "no option has a finite log-probability" } };
    return { ok: true, ...choice };
  } catch (error) {
    return { ok: false, failure: failureOf("user", error) };
  }
}

/** What the person can say: the details that are left, thanks and a complaint, the last two where they make sense. */
function choices(task: Task, lines: readonly Line[], told: ReadonlySet<number>): Choice[] {
  const details = task.heldBack.flatMap((held, detail) =>
    told.has(detail) ? [] : [{ text: held.sentence, kind: "detail" as const, detail, reward: 1 }],
  );
  const all = hasHeard(task, lines, "all");
  const thanks: Choice = { text: task.thanks, kind: "thanks", detail: null, reward: all ? 1 : 0 };
  const complaint: Choice = { text: task.complaint, kind: "complaint", detail: null, reward: -1 };
  return [
    ...details.slice(0, letters.length - 2),
    ...(hasHeard(task, lines, "nothing") ? [] : [thanks]),
    ...(all ? [] : [complaint]),
  ];
}

/**
 * Whether all that the person waits for was said, or nothing of it: the results' values, or a refusal. Neither is known where
 * the results have no value that one could listen for, or in a decline task before it was declined.
 */
function hasHeard(task: Task, lines: readonly Line[], what: "all" | "nothing"): boolean {
  const spoken = lines.filter(({ role }) => role === "assistant").map(({ text }) => text);
  const declined = refuses(spoken.at(-1) ?? "");
  if (task.kind === "decline") return what === "all" && declined;
  const results = task.expected.map(({ result }) => result);
  if (carriedShare("", results) > 0) return false; // there is nothing to listen for
  const share = carriedShare(spoken.join("\n"), results);
  return what === "all" ? share === 1 : share === 0 && !declined;
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
