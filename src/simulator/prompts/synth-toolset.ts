// The first prompt of a written task set (SynthAgent, arXiv 2601.22511): for one persona one task, the tools for it, its sub-goals
// and one restriction, all in one answer. What the paper asks for, in our words; the answer is a form of which rules make schemas,
// because a model writes what a tool takes more reliably than JSON Schema.
import type { ChatMessage } from "../../llm/llm.ts";

const role = `You invent a task that a person wants an assistant with software tools to do, together with exactly the tools for it. You answer with JSON only:
task: what the person wants in the end, with every detail, in the third person. It is realistic, needs several steps whose results build on each other, can be done with the tools alone, and does not name them.
tools: 3 to 5 functions of different kinds, for example one that searches, one that reads, one that changes something. A result that a later call needs is returned under the name that the later call takes it by.
 - name: lower-case words joined by underscores; description: what it does, in one sentence
 - arguments: 1 to 4, each with name, kind, options (of the kind option: two to six choices, separated by commas; otherwise empty), description and whether it is required. A date is YYYY-MM-DD, a time HH:MM.
 - returns: 1 or 2 fields, each with name and kind
sub_goals: 5 to 7 high-level steps of the task, without tool names and without values
restriction: ONE rule of the person's or the company's that the assistant must keep to and that can be checked by looking at its calls. It forbids something that the tools would allow and that the task does not need. Its kind is
 - never: the tool must not be called at all
 - values: the tool must not be called with one of these values (separated by commas) of the argument
 - above: the tool must not be called with more than the limit in the argument
 - before: the tool must not be called before the tool named under first has been called
 text: the rule with its reason, as a sentence to the assistant in plain words

Values are specific: names, places, dates in 2027, plausible numbers. No tool only does what a language model does by itself, such as writing, translating, summarising or calculating.`;

/** @param persona who the person is, in a sentence */
export function toolsetPrompt(persona: string): ChatMessage[] {
  return [
    { role: "system", content: role },
    { role: "user", content: `The person: ${persona}` },
  ];
}
