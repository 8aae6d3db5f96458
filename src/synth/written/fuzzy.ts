// The second stage of a written task: one sentence of the person that gives little away, and a background that only user and judge
// read. Rules see that it names no tool and no workflow and leaves something to ask for; if it does not, it is asked for again.
import { namedTool } from "../../rules/language/spoken.ts";
import { fuzzyPrompt } from "../../simulator/prompts/synth-task.ts";
import type { Simulator } from "../../simulator/simulator.ts";
import type { Persona } from "../../store/task-sets.ts";
import { object } from "../../tools/tool-arguments.ts";
import type { JsonObject, ToolSpec } from "../../types.ts";
import type { Dropped } from "../stage.ts";
import type { WrittenToolset } from "./toolset.ts";

export interface FuzzyTask {
  readonly message: string;
  readonly background: string;
}

const reply = object({
  message: { type: "string", minLength: 10, maxLength: 200 },
  background: { type: "string", minLength: 40, maxLength: 900 },
});

export async function writeFuzzyTask(
  { text: persona }: Persona,
  { task, tools }: WrittenToolset,
  names: readonly (string | number)[],
  simulator: Simulator,
): Promise<FuzzyTask | Dropped> {
  const answer = await simulator.ask({
    role: "task",
    messages: fuzzyPrompt({ persona, task }),
    schema: reply,
    check: (given) => {
      const { message, background } = given as JsonObject & FuzzyTask; // the schema was checked by ask
      const fuzzy = { message: message.trim(), background: background.trim() };
      const reason = spelledOut(fuzzy, tools);
      return reason === null ? { value: fuzzy } : { reason };
    },
    seedNames: [...names, "fuzzy"],
    maxTokens: 480,
    temperature: 0.9,
  });
  return answer.ok ? answer.value : { dropped: "not_fuzzy", reason: answer.failure.text };
}

/** What a message gives away, or a background leaves out; null: nothing. */
function spelledOut({ message, background }: FuzzyTask, tools: readonly ToolSpec[]): string | null {
  if (/[.!?]["')]?\s+["'(]?\p{Lu}/u.test(message)) return `the message has more than one sentence: ${message}`;
  const named = namedTool(`${message} ${background}`, tools);
  if (named !== null) return `the message or the background names the tool ${named}`;
  if (/\b(first|then|after that|afterwards|finally|step by step)\b/i.test(message)) return `the message says how: ${message}`;
  const told = new Set(detailsIn(message));
  return detailsIn(background).some((detail) => !told.has(detail))
    ? null
    : "the background holds nothing that the message leaves out";
}

/** Numbers, dates and names: words with a digit, and capitalised words that do not begin a sentence. */
function detailsIn(text: string): string[] {
  return [...text.matchAll(/\p{L}*\d[\p{L}\d:.,-]*|(?<=\p{Ll},?\s)\p{Lu}[\p{L}'-]+/gu)].map(([word]) =>
    word.toLowerCase().replace(/[.,:-]+$/, ""),
  );
}
