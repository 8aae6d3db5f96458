// Which template writes a policy's episodes: the model's own where it has one that knows tools, asks for calls as the parser
// reads them, and Playact can work with it; else ours. Ours too where the manifest says that the tags are spelt in pieces: a
// template of a model writes them as tokens.
import { PlayactError } from "../../errors.ts";
import type { ToolCall } from "../../types.ts";
import type { ChatTemplate, Engine } from "../llm.ts";
import { callMannerOf, openChatTemplate } from "./chat-template.ts";
import { type EpisodeTemplate, episodeTemplate } from "./template.ts";
import { type Dialect, formatToolCall, parseToolCalls } from "./tool-call.ts";

export interface ChosenTemplate {
  readonly template: EpisodeTemplate;
  /** One line for people: which one it is, why, and whether it only appends. */
  readonly text: string;
}

/**
 * Chooses, and checks the choice with a short talk.
 * @param markers how the manifest says the model's tags are written
 * @param dialect how the policy's calls are read
 * @throws PlayactError("model") where no template asks for calls of the dialect
 */
export function chooseTemplate(
  { vocabulary, chatTemplate }: Pick<Engine, "vocabulary" | "chatTemplate">,
  markers: "tokens" | "pieces",
  dialect: Dialect,
): ChosenTemplate {
  const ours = (why: string): ChosenTemplate => {
    if (dialect !== "hermes")
      throw new PlayactError(
        "model",
        `No chat template asks for calls as ${dialect}, which are read from this policy: Playact's own asks for hermes. ${why} Choose another policy.`,
      );
    return { template: episodeTemplate(vocabulary, markers), text: `Playact's own, append-only. ${why}` };
  };
  if (markers === "pieces") return ours("The model's tag tokens are untrained or missing: tags are spelt in ordinary pieces.");
  if (chatTemplate === null) return ours("The model's file holds no chat template.");
  try {
    const template = openChatTemplate(vocabulary, chatTemplate);
    const stranger = otherManner(chatTemplate, dialect);
    if (stranger !== null) return ours(stranger);
    const turns = template.appendOnly
      ? "append-only."
      : "not append-only: it writes earlier turns anew, so an episode may have several training samples.";
    return { template, text: `the model's own chat template, ${turns}` };
  } catch (thrown) {
    if (!(thrown instanceof PlayactError && thrown.boundary === "template")) throw thrown;
    return ours(thrown.message);
  }
}

const call: ToolCall = { name: "find_train", arguments: { from: "Oslo", seats: 2, via: ["Hamar"] } };

/**
 * Null where the template asks for calls of the dialect, else what it does instead. What it writes for a call decides, which
 * the parser must read as that call; where it writes none, its prompt must show the form that our own calls have. A template
 * that shows no form at all is not used either: nobody would tell the policy how to call.
 */
function otherManner(own: ChatTemplate, dialect: Dialect): string | null {
  const { prompt, written } = callMannerOf(own, call);
  if (written === null)
    return formOf(dialect).test(prompt)
      ? null
      : `The model's chat template does not ask for calls as ${dialect}, which are read.`;
  const { calls, errors, rest } = parseToolCalls(written, dialect);
  if (errors.length === 0 && rest === "" && JSON.stringify(calls) === JSON.stringify([call])) return null;
  return `The model's chat template writes a call as ${JSON.stringify(written.trim().slice(0, 120))}, which is none as ${dialect}.`;
}

/** A call of the dialect as an example shows it: some words instead of a name and arguments, other blanks; no tool's text. */
function formOf(dialect: Dialect): RegExp {
  const [name, value] = ["NAME", "VALUE"];
  const example = formatToolCall({ name, arguments: { [value]: value } }, dialect);
  const parts = example
    .split(/"NAME"|\{"VALUE": "VALUE"\}/)
    .map((part) => part.replace(/[^\w\s]/g, "\\$&").replace(/\s+/g, "\\s*"));
  return new RegExp(parts.join("[^\\ue000-\\uf8ff]{1,80}?"));
}
