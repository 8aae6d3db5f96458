// How turns are framed for a model: a small table, chosen by the markers in a vocabulary. Frames only; template.ts (episodes)
// and chat.ts (simulator prompts) write the content. A format with tool support matches the model's own template
// (test/suites/own-template.suite.ts compares them); gemma-3-270m has no template, its frame is that of its instruction-tuned
// siblings.
import { PlayactError } from "../../errors.ts";
import type { Vocabulary } from "../llm.ts";

export interface ChatFormat {
  /** Marker at the start of every sequence, if the model was trained with one. */
  readonly begin: string | null;
  readonly open: string;
  readonly close: string;
  /** The name of the model's own role. */
  readonly assistant: string;
  /** False: no system turn; its text precedes the first user message, in that turn. */
  readonly systemTurn: boolean;
  /** Markers at which sampling stops, the turn's own end first: a model may have several (trl#7039). */
  readonly ends: readonly string[];
}

const formats: readonly ChatFormat[] = [
  {
    begin: null,
    open: "<|im_start|>",
    close: "<|im_end|>",
    assistant: "assistant",
    systemTurn: true,
    ends: ["<|im_end|>", "<|endoftext|>"],
  },
  {
    begin: "<bos>",
    open: "<start_of_turn>",
    close: "<end_of_turn>",
    assistant: "model",
    systemTurn: false,
    ends: ["<end_of_turn>", "<eos>"],
  },
];

/** The format of a vocabulary. @throws PlayactError("model") if it has the markers of none. */
export function chatFormat(vocabulary: Pick<Vocabulary, "hasMarker">): ChatFormat {
  const found = formats.find(({ begin, open, close }) => [begin ?? open, open, close].every(vocabulary.hasMarker));
  if (found) return found;
  const known = formats.map(({ open, close }) => `${open} with ${close}`).join(", or ");
  throw new PlayactError(
    "model",
    `The model's vocabulary has no turn markers that Playact supports (${known}): choose another model.`,
  );
}

/** The ids of a frame's parts. */
export interface ChatFrame {
  readonly begin: readonly number[];
  /** The turn's marker and role, tokenized together with `text`, so that the first tokens are the tokenizer's own. */
  open(role: "system" | "user" | "assistant", text?: string): number[];
  readonly close: number;
  readonly newline: readonly number[];
  /** Ids that end the model's turn. */
  readonly ends: ReadonlySet<number>;
}

export function frameOf(vocabulary: Vocabulary, format = chatFormat(vocabulary)): ChatFrame {
  const open = vocabulary.marker(format.open);
  return {
    begin: format.begin === null ? [] : [vocabulary.marker(format.begin)],
    open: (role, text = "") => [open, ...vocabulary.encode(`${role === "assistant" ? format.assistant : role}\n${text}`)],
    close: vocabulary.marker(format.close),
    newline: vocabulary.encode("\n"),
    ends: new Set(format.ends.filter(vocabulary.hasMarker).map(vocabulary.marker)),
  };
}
