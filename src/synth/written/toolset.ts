// The first stage of a written task (SynthAgent, arXiv 2601.22511): a task, 3 to 5 tools, 5 to 7 sub-goals and one restriction, in one
// answer of a large model at temperature 0.9. Departs from the paper: tools are forms that rules turn into schemas, and the
// restriction is one of four kinds that a rule can test.
import { isObject, own, propertiesOf } from "../../rules/json.ts";
import { namedTool } from "../../rules/language/spoken.ts";
import { matchesSchema } from "../../rules/validate.ts";
import { toolsetPrompt } from "../../simulator/prompts/synth-toolset.ts";
import type { Persona } from "../../store/task-sets.ts";
import { object, text } from "../../tools/tool-arguments.ts";
import type { ForbiddenRule, Json, JsonObject, JsonSchema, ToolSpec } from "../../types.ts";
import type { Dropped } from "../stage.ts";
import type { ToolWriter } from "./stages.ts";
import { type FilledToolForm, toolForm, toolFrom } from "./tool-form.ts";

export interface WrittenToolset {
  /** What the person wants, with every detail. */
  readonly task: string;
  readonly tools: readonly ToolSpec[];
  /** High-level steps, without parameters. */
  readonly subGoals: readonly string[];
  readonly restriction: { readonly text: string; readonly rule: ForbiddenRule };
}

const named = text(1, 40);
const ruleSchema = (kind: FilledRule["kind"], more: Readonly<Record<string, Json>>) =>
  object({ kind: { const: kind }, tool: named, ...more, text: text(20, 240) });

const reply = object({
  task: text(60, 600),
  tools: { type: "array", minItems: 3, maxItems: 5, items: toolForm },
  sub_goals: { type: "array", minItems: 5, maxItems: 7, items: text(8, 140) },
  restriction: {
    anyOf: [
      ruleSchema("values", { argument: named, values: text(1, 120) }),
      ruleSchema("above", { argument: named, limit: { type: "number", minimum: 0, maximum: 99_999 } }),
      ruleSchema("before", { first: named }),
      ruleSchema("never", {}),
    ],
  },
});

type FilledRule = JsonObject & { readonly tool: string; readonly text: string } & (
    | { readonly kind: "never" }
    | { readonly kind: "values"; readonly argument: string; readonly values: string }
    | { readonly kind: "above"; readonly argument: string; readonly limit: number }
    | { readonly kind: "before"; readonly first: string }
  );

interface Reply extends JsonObject {
  readonly task: string;
  readonly tools: readonly FilledToolForm[];
  readonly sub_goals: readonly string[];
  readonly restriction: FilledRule;
}

export async function writeToolset(
  { text: who }: Persona,
  names: readonly (string | number)[],
  { simulator, parser }: ToolWriter,
): Promise<WrittenToolset | Dropped> {
  const answer = await simulator.ask({
    role: "task",
    messages: toolsetPrompt(who),
    schema: reply,
    check: (given) => readToolset(given as Reply, parser), // the schema was checked by ask
    seedNames: [...names, "toolset"],
    maxTokens: 2400,
    temperature: 0.9,
  });
  return answer.ok ? answer.value : { dropped: "no_toolset", reason: answer.failure.text };
}

function readToolset(
  given: Reply,
  parser: ToolWriter["parser"],
): { readonly value: WrittenToolset } | { readonly reason: string } {
  const tools: ToolSpec[] = [];
  for (const form of given.tools) {
    const tool = toolFrom(form, parser);
    if (typeof tool === "string") return { reason: tool };
    if (tools.some(({ name }) => name === tool.name)) return { reason: `two tools have the name ${tool.name}` };
    tools.push(tool);
  }
  const rule = ruleOf(given.restriction, tools);
  if (typeof rule === "string") return { reason: `the restriction ${rule}` };
  const subGoals = given.sub_goals.map((goal) => goal.trim());
  const named = namedTool([given.task, ...subGoals].join("\n"), tools);
  if (named !== null) return { reason: `the task or a sub-goal names the tool ${named}` };
  return { value: { task: given.task.trim(), tools, subGoals, restriction: { text: given.restriction.text.trim(), rule } } };
}

/** The restriction as a rule, or why no call could be tested by it. */
function ruleOf(form: FilledRule, tools: readonly ToolSpec[]): ForbiddenRule | string {
  const tool = tools.find(({ name }) => name === form.tool);
  if (tool === undefined) return `is about ${form.tool}, which is no tool of the task`;
  if (form.kind === "never") return { kind: "never", tool: tool.name };
  if (form.kind === "before") {
    if (form.first === form.tool || !tools.some(({ name }) => name === form.first))
      return `wants ${form.first} first, which is no other tool of the task`;
    return { kind: "before", tool: tool.name, first: form.first };
  }
  const argument = own(propertiesOf(tool.parameters), form.argument);
  if (!isObject(argument)) return `is about ${form.argument}, which ${tool.name} does not take`;
  const forbidden = form.kind === "above" ? aboveLimit(form.limit, argument) : listedValues(form.values, argument);
  if (typeof forbidden === "string") return `${forbidden} for ${form.argument}`;
  return { kind: "values", tool: tool.name, values: object({ [form.argument]: forbidden }) };
}

function aboveLimit(limit: number, argument: JsonSchema): JsonSchema | string {
  if (argument.type !== "integer" && argument.type !== "number") return "has a limit where no number is taken";
  if (limit >= Number(argument.maximum)) return `has a limit of ${limit} that no call can pass`;
  return { type: "number", exclusiveMinimum: limit };
}

/** An enum of the values that a call can give; a text that is none of them is no value of the argument. */
function listedValues(listed: string, argument: JsonSchema): JsonSchema | string {
  const values = listed.split(",").map((value) => asValue(value.trim(), argument));
  const wrong = values.find((value) => matchesSchema(argument, value).length > 0);
  if (wrong !== undefined) return `has the value ${JSON.stringify(wrong)}, which is none`;
  if (Array.isArray(argument.enum) && new Set(values).size >= argument.enum.length) return "leaves no value";
  return { enum: [...new Set(values)] };
}

function asValue(listed: string, argument: JsonSchema): Json {
  if (argument.type === "integer" || argument.type === "number") return Number(listed);
  if (argument.type === "boolean") return /^(true|yes)$/i.test(listed);
  return Array.isArray(argument.enum) ? listed.toLowerCase() : listed;
}
