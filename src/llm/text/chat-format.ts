// How turns are framed for a model: a small table, chosen by the markers in a vocabulary. Frames only; template.ts (episodes)
// and renderChat (simulator prompts) write the content. A format with tool support matches the model's own template
// (test/suites/own-template.suite.ts compares them); gemma-3-270m has no template, its frame is that of its instruction-tuned
// siblings.
import { PlayactError } from "../../errors.ts";
import type { Vocabulary } from "../llm.ts";

export interface ChatFormat {
  /** Marker at the start of every sequence, if the model was trained with one. */
  readonly begin: string | null;
  readonly open: string;
  /** Marker after the role's name, if there is one. */
  readonly named: string | null;
  /** Text between a role's name and what it says. */
  readonly gap: string;
  readonly close: string;
  /** Text between two turns. */
  readonly between: string;
  /** The name of the model's own role. */
  readonly assistant: string;
  /** False: no system turn; its text precedes the first user message, in that turn. */
  readonly systemTurn: boolean;
  /** Markers at which sampling stops, the turn's own end first: a model may have several (trl#7039). */
  readonly ends: readonly string[];
  /** A marker of another frame that shares this one's (Phi-4 has ChatML's, and puts one more between role and text). */
  readonly never: string | null;
}

/** Llama 3's, also in models that were tuned with ChatML on top of it (Hermes 3, Dolphin). */
const llamaBegin = "<|begin_of_text|>";

const formats: readonly ChatFormat[] = [
  {
    begin: null,
    open: "<|im_start|>",
    named: null,
    gap: "\n",
    close: "<|im_end|>",
    between: "\n",
    assistant: "assistant",
    systemTurn: true,
    ends: ["<|im_end|>", "<|endoftext|>"],
    never: "<|im_sep|>",
  },
  {
    begin: "<bos>",
    open: "<start_of_turn>",
    named: null,
    gap: "\n",
    close: "<end_of_turn>",
    between: "\n",
    assistant: "model",
    systemTurn: false,
    ends: ["<end_of_turn>", "<eos>"],
    never: null,
  },
  // Llama 3
  {
    begin: llamaBegin,
    open: "<|start_header_id|>",
    named: "<|end_header_id|>",
    gap: "\n\n",
    close: "<|eot_id|>",
    between: "",
    assistant: "assistant",
    systemTurn: true,
    ends: ["<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"],
    never: null,
  },
];

/** The format of a vocabulary; null if it has the markers of none. */
export function knownFormat({ hasMarker }: Pick<Vocabulary, "hasMarker">): ChatFormat | null {
  const has = (text: string | null) => text === null || hasMarker(text);
  const isOther = ({ never }: ChatFormat) => never !== null && hasMarker(never);
  const found = formats.find((format) => [format.begin, format.open, format.named, format.close].every(has) && !isOther(format));
  if (found === undefined) return null;
  return found.begin === null && hasMarker(llamaBegin) ? { ...found, begin: llamaBegin } : found;
}

/** The format of a vocabulary. @throws PlayactError("model") if it has the markers of none. */
export function chatFormat(vocabulary: Pick<Vocabulary, "hasMarker">): ChatFormat {
  const found = knownFormat(vocabulary);
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
  /** Ids between two turns. */
  readonly between: readonly number[];
  /** Ids that end the model's turn. */
  readonly ends: ReadonlySet<number>;
}

export function frameOf(vocabulary: Vocabulary, format = chatFormat(vocabulary)): ChatFrame {
  const { begin, named, gap, between, assistant } = format;
  const { encode, marker } = vocabulary;
  const open = marker(format.open);
  return {
    begin: begin === null ? [] : [marker(begin)],
    open(role, text = "") {
      const name = role === "assistant" ? assistant : role;
      if (named === null) return [open, ...encode(`${name}${gap}${text}`)];
      return [open, ...encode(name), marker(named), ...encode(`${gap}${text}`)];
    },
    close: marker(format.close),
    between: between === "" ? [] : encode(between),
    ends: new Set(format.ends.filter(vocabulary.hasMarker).map(marker)),
  };
}
