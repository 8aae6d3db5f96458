// A simulator's prompt: messages to the ids that a model was trained to read them in, up to the opening of its answer. In the
// frame of its markers where its own chat template writes the same, else with that template (so a model of any family can play
// the world). A model that can think opens its answer with an empty thought where none is asked (thinking.ts).
import { PlayactError } from "../../errors.ts";
import type { ChatMessage, ChatTemplate, Vocabulary } from "../llm.ts";
import { chatFormat, frameOf, knownFormat } from "./chat-format.ts";
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
  const template = own === null ? null : byTemplate(vocabulary, own);
  const framed = template === null || (knownFormat(vocabulary) !== null && same(template, byFrame(vocabulary)));
  const write = framed ? byFrame(vocabulary) : template;
  return {
    canThink: thinking !== "never",
    write(messages, lead, wanted) {
      if (thinking === "never") return write(messages, lead);
      const thought = wanted ? [vocabulary.marker(thinkOpen), ...vocabulary.encode("\n")] : emptyThought(vocabulary);
      return [...write(messages, ""), ...thought, ...(lead === "" ? [] : vocabulary.encode(lead))];
    },
  };
}

const [rules, question, answer] = [
  { role: "system", content: "Judge." },
  { role: "user", content: "Was it right?" },
  { role: "assistant", content: "Yes." },
] as const satisfies ChatMessage[];
/** The shapes of conversation that a simulator is asked in. */
const talks: readonly (readonly ChatMessage[])[] = [
  [rules, question],
  [rules, question, answer, question],
];

/** Up to `assistant`, without any thought. */
type Writer = (messages: readonly ChatMessage[], lead: string) => number[];

/** Null if the template does not write a conversation with a system message as Playact needs it. */
function byTemplate(vocabulary: Vocabulary, own: ChatTemplate): Writer | null {
  const encode = encoderOf(vocabulary);
  try {
    const render = rendererOf(own, false);
    const written: Writer = (messages, lead) => {
      const meant: Meant[] = [...messages.map(({ content }) => content), lead].map((text) => ({ text }));
      const turns: TemplateTurn[] = messages.map(({ role }, at) => ({ role, content: placeholder(at) }));
      const rendered = render(turns, [], true);
      assertWhole(rendered, turns);
      const opened = rendered.replace(/<think>\s*(?:<\/think>\s*)?$/, "");
      return encode(`${opened}${lead === "" ? "" : placeholder(messages.length)}`, meant);
    };
    for (const talk of talks) written(talk, "");
    return written;
  } catch (thrown) {
    if (thrown instanceof PlayactError && thrown.boundary === "template") return null;
    throw thrown;
  }
}

/** Whether both write the conversations alike. Without a system message some templates write one of their own. */
function same(one: Writer, other: Writer): boolean {
  return talks.every((talk) => one(talk, "A:").join() === other(talk, "A:").join());
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
