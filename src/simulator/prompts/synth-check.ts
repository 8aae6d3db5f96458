// The prompts that check a written toolset (SynthAgent, arXiv 2601.22511): which tools a language model is itself, whose results a
// text cannot stand for, and what else could be offered that is not needed; then whether the task can still be done.
import type { ChatMessage } from "../../llm/llm.ts";
import { spacedJson } from "../../rules/json.ts";
import type { ToolSpec } from "../../types.ts";

const reviewRole = `You review the tools of a task before an assistant is trained with them. You answer with JSON only:
tools: for each tool, in the given order,
 - reason: one sentence
 - language_model_alone: true if a language model could do what it does by itself, without any data or effect of its own (write, translate, summarise, rank, calculate, decide)
 - text_can_stand_for_it: false if its result would be an image, a sound, a file, a long document or a live connection; true if a few words or numbers tell it
distractors: 1 or 2 further tools of the same world that look plausible and that the task does not need. Each does another job than the tools above and requires at least one argument that none of them takes. Same form: name, description, arguments (1 to 4, with name, kind, options, description, required), returns (1 or 2, with name and kind).`;

/** Asks about each tool, and for tools that are not needed. */
export function reviewPrompt(task: string, tools: readonly ToolSpec[]): ChatMessage[] {
  return [
    { role: "system", content: reviewRole },
    { role: "user", content: `The task: ${task}\n\nTools:\n${listed(tools)}` },
  ];
}

const solvableRole = `You check whether a task can be done with these tools and nothing else. You answer with JSON only:
reason: how it would be done, or what is missing, in one or two sentences
solvable: true if the tools and what the person can tell are enough, without breaking the rule`;

export function solvablePrompt(about: {
  readonly task: string;
  readonly background: string;
  readonly restriction: string;
  readonly tools: readonly ToolSpec[];
}): ChatMessage[] {
  const { task, background, restriction, tools } = about;
  return [
    { role: "system", content: solvableRole },
    {
      role: "user",
      content: `The task: ${task}\nThe person can tell: ${background}\nThe rule: ${restriction}\n\nTools:\n${listed(tools)}`,
    },
  ];
}

function listed(tools: readonly ToolSpec[]): string {
  return tools
    .map(
      ({ name, description, parameters, returns }) =>
        `${name}: ${description}\n arguments: ${spacedJson(parameters)}\n returns: ${spacedJson(returns ?? {})}`,
    )
    .join("\n");
}
