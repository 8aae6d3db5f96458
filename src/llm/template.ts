// How an episode is written for the policy: ChatML with Hermes tool tags, the text of Qwen2.5's own template, turn by
// turn and append-only (what was written is never written again). Foreign text is encoded so that it can never become a
// marker (law 2). Where a model's tag tokens are untrained ("pieces", see models/manifest.json) the tags are spelt in
// ordinary tokens: same text, learnable rows.
import { spacedJson } from "../json-text.ts";
import type { ToolSpec } from "../types.ts";
import type { Vocabulary } from "./llm.ts";

const tags = ["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"] as const;

/** Turns messages into the ids that they add to the sequence. Concatenating its results is what the policy sees. */
export interface EpisodeTemplate {
  /** Ids that end the policy's turn. */
  readonly stop: ReadonlySet<number>;
  system(prompt: string, tools: readonly ToolSpec[]): number[];
  /** A user message and the opening of the policy's turn; `first` has no turn of the policy before it. */
  user(text: string, first: boolean): number[];
  /** The results of one turn's calls in order, and the opening of the policy's turn. */
  toolResults(results: readonly string[]): number[];
  /** A turn that is given instead of sampled (demonstrations), its end marker included. */
  assistant(text: string): number[];
}

export function episodeTemplate(vocabulary: Vocabulary, markers: "tokens" | "pieces"): EpisodeTemplate {
  const begin = vocabulary.marker("<|im_start|>");
  const end = vocabulary.marker("<|im_end|>");
  const newline = vocabulary.encode("\n");
  /** Text of ours: its tags become the model's own tag tokens where those are trained. */
  const trusted = (text: string): number[] => {
    if (markers === "pieces") return vocabulary.encode(text);
    const parts = text.split(new RegExp(`(${tags.join("|")})`));
    return parts.flatMap((part) => (isTag(part) ? [vocabulary.marker(part)] : vocabulary.encode(part)));
  };
  const message = (role: string, ids: readonly number[]) => [begin, ...vocabulary.encode(`${role}\n`), ...ids, end, ...newline];
  const opening = [begin, ...vocabulary.encode("assistant\n")];
  // descriptions are foreign text; cut behind newlines, where no tokeniser of ours would have joined the parts
  const withTools = (prompt: string, tools: readonly ToolSpec[]) => [
    ...trusted(prompt + beforeTools),
    ...vocabulary.encode(`${tools.map(signature).join("\n")}\n`),
    ...trusted(afterTools),
  ];

  return {
    stop: new Set([end]),
    system: (prompt, tools) => message("system", tools.length === 0 ? trusted(prompt) : withTools(prompt, tools)),
    user: (text, first) => [...(first ? [] : newline), ...message("user", vocabulary.encode(text)), ...opening],
    toolResults: (results) => {
      const ids = results.flatMap((result, index) => [
        ...trusted(`${index === 0 ? "" : "\n"}<tool_response>\n`),
        ...vocabulary.encode(result),
        ...trusted("\n</tool_response>"),
      ]);
      return [...newline, ...message("user", ids), ...opening];
    },
    assistant: (text) => [...trusted(text), end],
  };
}

function isTag(text: string): text is (typeof tags)[number] {
  return (tags as readonly string[]).includes(text);
}

// The tools part of the system message, word for word as in Qwen2.5's template.
const beforeTools = [
  "\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n",
  "You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n",
].join("");
const afterTools = [
  "</tools>\n\n",
  "For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n",
  '<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>',
].join("");

/** One tool as the policy sees it; `returns` stays hidden. */
function signature({ name, description, parameters }: ToolSpec): string {
  return spacedJson({ type: "function", function: { name, description, parameters } });
}
