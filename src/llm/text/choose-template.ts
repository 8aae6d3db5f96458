// Which template writes a policy's episodes: the model's own if it has one that supports tools, asks for calls in the policy's
// dialect, and works with Playact; else Playact's own in that dialect. Also Playact's where the tags of hermes are written in
// ordinary tokens: a model's own template writes them as special tokens.

import type { Dialect } from "../../config/config.ts";
import { PlayactError } from "../../errors.ts";
import type { ToolCall } from "../../types.ts";
import type { ChatTemplate, Engine } from "../llm.ts";
import { callFormatOf, openChatTemplate } from "./chat-template.ts";
import { type EpisodeTemplate, episodeTemplate } from "./template.ts";
import { type Thinking, thinkingOf } from "./thinking.ts";
import { formatToolCall, parseToolCalls } from "./tool-call.ts";

export interface ChosenTemplate {
  readonly template: EpisodeTemplate;
  /** One line for people: the choice, the reason, whether it is append-only, and what a server misreads. */
  readonly text: string;
}

/**
 * Chooses, and checks the choice with a short conversation.
 * @param markers how the tags of hermes are written; the other dialects have none
 * @param dialect how the policy writes its calls
 * @param thinking whether the policy shall think before its turns (policy.thinking); no model is made to that does not by itself
 * @throws PlayactError("model") if the vocabulary has no turn markers that Playact knows
 */
export function chooseTemplate(
  { vocabulary, chatTemplate }: Pick<Engine, "vocabulary" | "chatTemplate">,
  markers: "tokens" | "pieces",
  dialect: Dialect,
  thinking = false,
): ChosenTemplate {
  const model = thinkingOf(vocabulary, chatTemplate);
  const thought = thoughtText(model, thinking);
  const ours = (why: string): ChosenTemplate => {
    const template = episodeTemplate(vocabulary, { dialect, markers }, { model, asked: thinking });
    const caveat = template.caveat === undefined ? "" : ` ${template.caveat}`;
    return { template, text: `Playact's own, append-only. It asks for ${dialect}. ${why}${thought}${caveat}` };
  };
  if (dialect === "hermes" && markers === "pieces")
    return ours("The model's tag tokens are untrained or missing: tags are written in ordinary tokens.");
  if (chatTemplate === null) return ours("The model's file has no chat template.");
  try {
    const template = openChatTemplate(vocabulary, chatTemplate, dialect, thinking);
    const mismatch = formatMismatch(chatTemplate, dialect);
    if (mismatch !== null) return ours(mismatch);
    const turns = template.appendOnly
      ? "append-only."
      : "not append-only: it rewrites earlier turns, so an episode may have several training samples.";
    return { template, text: `the model's own chat template, ${turns}${thought}` };
  } catch (thrown) {
    if (!(thrown instanceof PlayactError && thrown.boundary === "template")) throw thrown;
    return ours(thrown.message);
  }
}

/** A sentence for people about a wish that the model does not follow, or about what it can do; empty for most models. */
function thoughtText(model: Thinking, asked: boolean): string {
  if (model === "never") return asked ? " The model does not think: policy.thinking has no effect." : "";
  if (model === "always") return asked ? "" : " The model always thinks: policy.thinking has no effect.";
  return asked ? " It thinks before its turns." : " Its turns open with an empty thought.";
}

const call: ToolCall = { name: "find_train", arguments: { from: "Oslo", seats: 2, via: ["Hamar"] } };

/**
 * Null if the template asks for calls in the dialect, else what it does instead. Decided by how it writes a call, which the
 * parser must read as that call; if it writes none, its prompt must show the form of the dialect. A template without any form
 * is not used: the policy would not know how to write a call.
 */
function formatMismatch(own: ChatTemplate, dialect: Dialect): string | null {
  const { prompt, written } = callFormatOf(own, [call]);
  if (written === null)
    return formOf(dialect).test(prompt) ? null : `The model's chat template does not ask for calls in the dialect ${dialect}.`;
  const { calls, errors, rest } = parseToolCalls(written, dialect);
  if (errors.length === 0 && rest === "" && JSON.stringify(calls) === JSON.stringify([call])) return null;
  return `The model's chat template writes a call as ${JSON.stringify(written.trim().slice(0, 120))}, which is not a call in the dialect ${dialect}.`;
}

/** A call of the dialect as an example shows it: any words for name and arguments, any blanks; no tool's text. */
function formOf(dialect: Dialect): RegExp {
  const [name, value] = ["NAME", "VALUE"];
  const example = formatToolCall({ name, arguments: { [value]: value } }, dialect);
  const parts = example
    .split(/"NAME"|\{"VALUE": "VALUE"\}/)
    .map((part) => part.replace(/[^\w\s]/g, "\\$&").replace(/\s+/g, "\\s*"));
  return new RegExp(parts.join("[^\\ue000-\\uf8ff]{1,80}?"));
}
