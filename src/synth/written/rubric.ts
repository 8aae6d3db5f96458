// The fifth stage of a written task (SynthAgent, arXiv 2601.22511): its rubric in three sections, at temperature 0.3. An item gets a
// rule where one is evident: it is about one tool, one call of the solution, or one value that the first message does not say. The
// task's restriction is always its first item.
import { noneOfThem, rubricWriterPrompt } from "../../simulator/prompts/synth-rubric.ts";
import type { Simulator } from "../../simulator/simulator.ts";
import { object } from "../../tools/tool-arguments.ts";
import type { ItemRule, JsonObject, JsonSchema, Line, Restriction, Rubric, RubricItem, Task } from "../../types.ts";
import type { Dropped } from "../stage.ts";

/** A task with its blueprint, as far as its rubric is written from it. */
export type Blueprint = Pick<Task, "intent" | "firstMessage" | "tools" | "expected" | "heldBack"> & {
  readonly background: string;
  readonly restriction: Pick<Restriction, "text" | "rule">;
};

interface Item extends JsonObject {
  readonly text: string;
  /** A tool, a call or a value by its label. */
  readonly about: string;
}

interface Reply extends JsonObject {
  readonly forbidden: readonly Item[];
  readonly sub_goals: readonly Item[];
  readonly questions: readonly Item[];
}

export async function writeRubric(
  task: Blueprint,
  solution: { readonly subGoals: readonly string[]; readonly lines: readonly Line[] },
  names: readonly (string | number)[],
  simulator: Simulator,
): Promise<Rubric | Dropped> {
  const tools = task.tools.map(({ name }) => name);
  const calls = task.expected.map(({ name }, index) => `${index + 1} ${name}`);
  const values = task.heldBack.map(({ argument }, index) => `${index + 1} ${argument}`);
  const answer = await simulator.ask({
    role: "task",
    messages: rubricWriterPrompt({ task, restriction: task.restriction.text, ...solution, values }),
    schema: object({
      forbidden: items(0, 2, tools),
      sub_goals: items(3, 6, calls),
      questions: items(1, 4, values),
    }),
    check: (given) => {
      const { forbidden, sub_goals: goals, questions } = given as Reply; // the schema was checked by ask
      const done = forbidden.find(({ about }) => task.expected.some(({ name }) => name === about));
      if (done !== undefined) return { reason: `"${done.text}" forbids ${done.about}, which the solution calls` };
      return {
        value: {
          forbidden: [
            { text: task.restriction.text, rule: task.restriction.rule },
            ...forbidden.map((item) => itemOf(item, tools, (tool) => ({ kind: "never", tool }))),
          ],
          subGoals: goals.map((item) => itemOf(item, calls, (_, call) => ({ kind: "called", call }))),
          questions: questions.map((item) => itemOf(item, values, (_, heldBack) => ({ kind: "asked", heldBack }))),
        },
      };
    },
    seedNames: [...names, "rubric"],
    maxTokens: 1000,
    temperature: 0.3,
  });
  return answer.ok ? answer.value : { dropped: "no_rubric", reason: answer.failure.text };
}

function items(minItems: number, maxItems: number, labels: readonly string[]): JsonSchema {
  const text: JsonSchema = { type: "string", minLength: 10, maxLength: 200 };
  return { type: "array", minItems, maxItems, items: object({ text, about: { enum: [...labels, noneOfThem] } }) };
}

function itemOf({ text, about }: Item, labels: readonly string[], ruleOf: (label: string, at: number) => ItemRule): RubricItem {
  const at = labels.indexOf(about);
  return { text: text.trim(), rule: at < 0 ? null : ruleOf(about, at) };
}
