// An episode of one model as another would have written it: the same words, calls and results under the other's system prompt, in its
// dialect and its ids. What the first was told beside the task, and what it thought, is left out.
import type { Dialect } from "../config/config.ts";
import type { EpisodeTemplate } from "../llm/text/template.ts";
import { replyStart } from "../llm/text/thinking.ts";
import { formatToolCalls, parseToolCalls } from "../llm/text/tool-call.ts";
import { beginsTrial, trialTurn } from "../llm/text/trial.ts";
import type { Message, Trajectory } from "../types.ts";
import { openEpisode, type Telling } from "./episode.ts";

interface Retold {
  readonly messages: readonly Message[];
  /** In the other's ids, as its limits count. */
  readonly responseTokens: number;
}

/** @param dialect that of the episode's own calls */
export function retold(
  { task, messages }: Pick<Trajectory, "task" | "messages">,
  dialect: Dialect,
  { template, ...telling }: Telling & { readonly template: EpisodeTemplate },
): Retold {
  const record = openEpisode(task, template, telling);
  const turns = messages.slice(2); // the system prompt and the first message are the task's
  for (const { role, text, calls, turnReward, phase } of turns) {
    if (role === "user") record.userTurn(text);
    else if (role === "tool")
      record.toolTurn(text.split("\n")); // one line each
    else record.given(rewritten(text, dialect, template.dialect), calls, turnReward, phase);
  }
  return { messages: record.messages, responseTokens: record.responseTokens() };
}

/** A turn in another dialect: words, then calls. Words that would hide its calls there are left out; what is malformed stays as it is. */
function rewritten(text: string, from: Dialect, to: Dialect): string {
  const { calls, errors, rest } = parseToolCalls(text, from);
  if (calls.length === 0 || errors.length > 0) return text.slice(replyStart(text)).trim();
  const written = formatToolCalls(calls, to);
  const whole = rest === "" ? written : `${rest}\n${written}`;
  const again = parseToolCalls(whole, to);
  if (again.errors.length === 0 && again.calls.length === calls.length) return whole;
  return beginsTrial(text) ? trialTurn(written) : written;
}
