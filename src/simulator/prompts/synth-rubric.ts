// The prompt of the rubric of a written task (SynthAgent, arXiv 2601.22511): what must not be done and how it would show, what must be
// reached, and what must be asked.
import type { ChatMessage } from "../../llm/llm.ts";
import { spacedJson } from "../../rules/json.ts";
import type { Line, Task } from "../../types.ts";
import { transcriptText } from "./transcript.ts";

/** In a form's answer: there is no such tool, call or value. */
export const noneOfThem = "none";

const role = `You write the rubric by which an assistant's conversations about one task are marked. Every item is one sentence that a reader of the conversation can answer with yes or no, also for a conversation that went another way than the solution below. You answer with JSON only:
forbidden: up to 2 things besides the rule that would harm the person, each with how it would show, and the tool whose call alone shows it (none if no tool does). Nothing that the solution does.
sub_goals: 3 to 6 results that a good conversation reaches, each with the number and name of the solution's call that shows it (none if no single call does)
questions: what the assistant must ask before it acts, each with when it has been asked well enough and which call would be too early, and the value that the person is asked for (none if it is another one)`;

export interface RubricRequest {
  readonly task: Pick<Task, "intent" | "firstMessage" | "expected"> & { readonly background: string };
  readonly restriction: string;
  readonly subGoals: readonly string[];
  /** The best solution. */
  readonly lines: readonly Line[];
  /** Values that the first message does not say, as the answer names them. */
  readonly values: readonly string[];
}

export function rubricWriterPrompt({ task, restriction, subGoals, lines, values }: RubricRequest): ChatMessage[] {
  const calls = task.expected.map((call, index) => `${index + 1} ${call.name} ${spacedJson(call.arguments)}`);
  const known = [
    `The task: ${task.intent}`,
    `First message: ${task.firstMessage}`,
    `What the person alone knows: ${task.background}`,
    `The rule: ${restriction}`,
    `Sub-goals:\n${subGoals.map((goal) => `- ${goal}`).join("\n")}`,
    `A good solution:\n${transcriptText(lines)}`,
    `Its calls:\n${calls.join("\n")}`,
    `Values that had to be asked for: ${values.length === 0 ? noneOfThem : values.join(", ")}`,
  ];
  return [
    { role: "system", content: role },
    { role: "user", content: known.join("\n\n") },
  ];
}
