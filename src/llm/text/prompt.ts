// A simulator's prompt: messages to the ids that a model was trained to read them in, up to the opening of its answer. With the
// model's own chat template if that writes a conversation whole (so a model of any family can play the world), else in the frame
// of its markers. A model that can think opens its answer with an empty thought where none is asked (thinking.ts).
import { PlayactError } from "../../errors.ts";
import type { ChatMessage, ChatTemplate, Vocabulary } from "../llm.ts";
import { chatFormat, frameOf } from "./chat-format.ts";
import { assertWhole } from "./chat-template.ts";
import { encoderOf, type Meant, placeholder } from "./placeholder.ts";
import { rendererOf, type TemplateTurn } from "./render.ts";
import { emptyThought, thinkingOf, thinkOpen } from "./thinking.ts";

export interface PromptWriter {
  /** False: the model does not think, whatever it is asked. */
  readonly canThink: boolean;
  /** Ids of the messages, the opening of the answer and its given start. `thinking`: the thought is open, its text comes next. */
  write(messages: readonly ChatMessage[], lead: string, thinking: boolean): number[];
}

/** @throws PlayactError("model") for a model that has neither a usable chat template nor the markers of a known frame */
export function promptWriter(vocabulary: Vocabulary, own: ChatTemplate | null): PromptWriter {
  const thinking = thinkingOf(vocabulary, own);
  const write = (own === null ? null : byTemplate(vocabulary, own)) ?? byFrame(vocabulary);
  return {
    canThink: thinking !== "never",
    write(messages, lead, wanted) {
      if (thinking === "never") return write(messages, lead);
      const thought = wanted ? [vocabulary.marker(thinkOpen), ...vocabulary.encode("\n")] : emptyThought(vocabulary);
      return [...write(messages, ""), ...thought, ...(lead === "" ? [] : vocabulary.encode(lead))];
    },
  };
}

/** Up to `assistant`, without any thought. */
type Writer = (messages: readonly ChatMessage[], lead: string) => number[];

/** Null if the template does not write a conversation with a system message as Playact needs it. */
function byTemplate(vocabulary: Vocabulary, own: ChatTemplate): Writer | null {
  const encode = encoderOf(vocabulary);
  try {
    const render = rendererOf(own, false);
    const written: Writer = (messages, lead) => {
      const meant: Meant[] = [...messages.map(({ content }) => content), lead].map((text) => ({ text, alone: false }));
      const turns: TemplateTurn[] = messages.map(({ role }, at) => ({ role, content: placeholder(at) }));
      const rendered = render(turns, [], true);
      assertWhole(rendered, turns);
      const opened = rendered.replace(/<think>\s*(?:<\/think>\s*)?$/, "");
      return encode(`${opened}${lead === "" ? "" : placeholder(messages.length)}`, meant);
    };
    const said = (role: ChatMessage["role"], content: string): ChatMessage => ({ role, content });
    written([said("system", "A"), said("user", "B")], "");
    written([said("system", "A"), said("user", "B"), said("assistant", "C"), said("user", "D")], "");
    return written;
  } catch (thrown) {
    if (thrown instanceof PlayactError && thrown.boundary === "template") return null;
    throw thrown;
  }
}

function byFrame(vocabulary: Vocabulary): Writer {
  chatFormat(vocabulary); // an unknown one is reported now
  return (messages, lead) => renderChat(vocabulary, messages, lead);
}

/** Ids of the messages in the frame of the model's markers, the opening of the assistant's answer and its given start. */
export function renderChat(vocabulary: Vocabulary, messages: readonly ChatMessage[], lead: string): number[] {
  const format = chatFormat(vocabulary);
  const { begin, open, close, between } = frameOf(vocabulary, format);
  const turns = format.systemTurn ? messages : withoutSystem(messages);
  const said = turns.flatMap(({ role, content }) => [...open(role, content), close, ...between]);
  return [...begin, ...said, ...open("assistant", lead)];
}

/** In a format without a system turn its text starts the first user turn. */
function withoutSystem([first, second, ...rest]: readonly ChatMessage[]): ChatMessage[] {
  if (first?.role !== "system") return [first, second].flatMap((message) => message ?? []).concat(rest);
  if (second?.role !== "user") return [{ role: "user", content: first.content }, ...(second ? [second] : []), ...rest];
  return [{ role: "user", content: `${first.content}\n\n${second.content}` }, ...rest];
}
