// The third stage of a written task (SynthAgent, arXiv 2601.22511): no tool that a language model is itself, results that a text can
// stand for, 1 or 2 tools that are not needed, and still solvable. By the model; that a further tool cannot do a needed one's job is
// decided by rule: it requires a value that none of them takes.
import { draws } from "../../rng.ts";
import { reviewPrompt, solvablePrompt } from "../../simulator/prompts/synth-check.ts";
import { restrictedTools } from "../../tasks/unrestricted.ts";
import { cannotServe } from "../../tools/distractors.ts";
import { object } from "../../tools/tool-arguments.ts";
import type { JsonObject, JsonSchema, ToolSpec } from "../../types.ts";
import type { Dropped } from "../stage.ts";
import type { FuzzyTask } from "./fuzzy.ts";
import type { ToolWriter } from "./stages.ts";
import { type FilledToolForm, toolForm, toolFrom } from "./tool-form.ts";
import type { WrittenToolset } from "./toolset.ts";

export interface CheckedTools {
  /** What the policy is offered, in the order of the prompt. */
  readonly tools: readonly ToolSpec[];
  /** Names of those that are not needed. */
  readonly distractors: readonly string[];
}

const leastTools = 2;
const reason: JsonSchema = { type: "string", minLength: 3, maxLength: 160 };
/** What is left of a result that no text can stand for. */
const acknowledged = object({
  status: { type: "string", minLength: 1, maxLength: 40 },
  reference_id: { type: "string", minLength: 3, maxLength: 16 },
});

interface Review extends JsonObject {
  readonly tools: readonly (JsonObject & { readonly language_model_alone: boolean; readonly text_can_stand_for_it: boolean })[];
  readonly distractors: readonly FilledToolForm[];
}

export async function checkTools(
  { task, tools, restriction }: WrittenToolset,
  { background }: FuzzyTask,
  names: readonly (string | number)[],
  { simulator, parser }: ToolWriter,
): Promise<CheckedTools | Dropped> {
  const review = await simulator.ask({
    role: "task",
    messages: reviewPrompt(task, tools),
    schema: reviewReply(tools.length),
    check: (given) => readReview(given as Review, tools, parser), // the schema was checked by ask
    seedNames: [...names, "review"],
    maxTokens: 1200,
    temperature: 0.3,
  });
  if (!review.ok) return { dropped: "no_review", reason: review.failure.text };
  const { needed, distractors } = review.value;
  const lost = restrictedTools(restriction.rule).find((name) => !needed.some((tool) => tool.name === name));
  if (lost !== undefined)
    return { dropped: "restriction_without_tool", reason: `the restriction is about ${lost}, which a language model is itself` };
  if (needed.length < leastTools)
    return {
      dropped: "too_few_tools",
      reason: `${tools.length - needed.length} of ${tools.length} tools a language model is itself`,
    };
  const offered = draws(...names, "offered").shuffle([...needed, ...distractors]);
  const answer = await simulator.ask({
    role: "task",
    messages: solvablePrompt({ task, background, restriction: restriction.text, tools: offered }),
    schema: object({ reason, solvable: { type: "boolean" } }),
    check: (given) => ({ value: given as JsonObject & { readonly reason: string; readonly solvable: boolean } }), // as above
    seedNames: [...names, "solvable"],
    maxTokens: 160,
    temperature: 0.3,
  });
  if (!answer.ok) return { dropped: "no_review", reason: answer.failure.text };
  if (!answer.value.solvable) return { dropped: "not_solvable", reason: answer.value.reason };
  return { tools: offered, distractors: distractors.map(({ name }) => name) };
}

function reviewReply(tools: number): JsonSchema {
  const judged = object({ reason, language_model_alone: { type: "boolean" }, text_can_stand_for_it: { type: "boolean" } });
  return object({
    tools: { type: "array", minItems: tools, maxItems: tools, items: judged },
    distractors: { type: "array", minItems: 1, maxItems: 2, items: toolForm },
  });
}

interface Reviewed {
  readonly needed: readonly ToolSpec[];
  readonly distractors: readonly ToolSpec[];
}

function readReview(
  review: Review,
  tools: readonly ToolSpec[],
  parser: ToolWriter["parser"],
): { readonly value: Reviewed } | { readonly reason: string } {
  const needed = tools.flatMap((tool, index): ToolSpec[] => {
    const said = review.tools[index];
    if (said?.language_model_alone) return [];
    return [said?.text_can_stand_for_it === false ? { ...tool, returns: acknowledged } : tool];
  });
  const distractors: ToolSpec[] = [];
  let fault = "";
  for (const form of review.distractors) {
    const tool = toolFrom(form, parser);
    if (typeof tool === "string") fault = tool;
    else if ([...tools, ...distractors].some(({ name }) => name === tool.name)) fault = `there is a tool ${tool.name} already`;
    else if (!cannotServe(needed, tool))
      fault = `${tool.name} may serve: it requires nothing beyond the arguments of ${needed.map(({ name }) => name).join(" and ")}`;
    else distractors.push(tool);
  }
  return distractors.length > 0 ? { value: { needed, distractors } } : { reason: fault };
}
