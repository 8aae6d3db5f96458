// How turns are framed for a model: a small table, told apart by the markers that a vocabulary holds. Frames only; what
// stands in them is written by template.ts (episodes) and chat.ts (simulator prompts). A format that knows tools is the
// text of a model's own template (test/suites/own-template.suite.ts compares them); gemma-3-270m brings none, its frame is
// that of its instruction-tuned siblings.
import { PlayactError } from "../../errors.ts";
import type { Vocabulary } from "../llm.ts";

export interface ChatFormat {
  /** Marker that begins every sequence, where the model was trained with one. */
  readonly begin: string | null;
  readonly open: string;
  readonly close: string;
  /** The role's name for what the model itself says. */
  readonly assistant: string;
  /** False: there is no system turn, its text stands before the first user message, in its turn. */
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

/** The format of a vocabulary. @throws PlayactError("model") where it holds the markers of none. */
export function chatFormat(vocabulary: Vocabulary): ChatFormat {
  const found = formats.find(({ begin, open, close }) => [begin ?? open, open, close].every(vocabulary.hasMarker));
  if (found) return found;
  const known = formats.map(({ open, close }) => `${open} with ${close}`).join(", or ");
  throw new PlayactError("model", `The model's vocabulary marks no turns that Playact knows (${known}): choose another model.`);
}

/** The ids of a frame's parts. */
export interface ChatFrame {
  readonly begin: readonly number[];
  /** The turn's marker and role, and `text` in one go, so that its first tokens are the tokenizer's own. */
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
