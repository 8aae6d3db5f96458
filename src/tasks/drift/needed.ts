// Which tools of a task may have an untrue page, and which of their arguments: those that the policy knows from the user's words
// alone, so that nothing else of the task has to change. Pure.
import { linksOf } from "../../rules/journal.ts";
import { isObject } from "../../rules/json.ts";
import type { Json, JsonObject, Task, ToolSpec } from "../../types.ts";
import { restrictedTools } from "../unrestricted.ts";

/** A tool of the right calls. */
export interface Needed {
  readonly tool: ToolSpec;
  /** Indexes into `Task.expected`. */
  readonly calls: readonly number[];
}

/** None in a decline task, in one whose tools a table runs, and in one that drifts already; no tool that a rule names. */
export function neededTools(task: Task): readonly Needed[] {
  if (task.kind === "decline" || task.table !== undefined || task.drift !== undefined) return [];
  const named = new Set(namedByRules(task));
  return task.tools.flatMap((tool) => {
    const calls = task.expected.flatMap(({ name }, index) => (name === tool.name ? [index] : []));
    return calls.length === 0 || named.has(tool.name) ? [] : [{ tool, calls }];
  });
}

function namedByRules({ restriction, rubric }: Task): readonly string[] {
  const items = rubric === undefined ? [] : [...rubric.forbidden, ...rubric.subGoals, ...rubric.questions];
  const forbidding = items.flatMap(({ rule }) => (rule !== null && "tool" in rule ? [rule] : []));
  return [...(restriction === undefined ? [] : [restriction.rule]), ...forbidding].flatMap(restrictedTools);
}

/**
 * The arguments of the tool's expected calls that the user says without being asked. Where a later call takes from an earlier result,
 * names tell what it takes: then none that a call of another tool has too.
 */
export function saidArguments(task: Task, { tool, calls }: Needed): readonly string[] {
  const { expected, heldBack, dependent } = task;
  const names = new Set(calls.flatMap((call) => Object.keys(expected[call]?.arguments ?? {})));
  const isHeld = (name: string) => heldBack.some((held) => calls.includes(held.call) && held.argument === name);
  const isLinked = (name: string) => calls.some((call) => linksOf(task, call).some((link) => link.name === name));
  const isShared = (name: string) =>
    dependent && expected.some((other) => other.name !== tool.name && Object.hasOwn(other.arguments, name));
  return [...names].filter((name) => !isHeld(name) && !isLinked(name) && !isShared(name));
}

const plainKeys = ["type", "properties", "required", "additionalProperties", "title", "description"];

/** The parameters of a tool whose schema is a plain object; none of one with alternatives or conditions, which name them again. */
export function plainParameters({ parameters }: ToolSpec): JsonObject {
  const isPlain = Object.keys(parameters).every((key) => plainKeys.includes(key));
  return isPlain && isObject(parameters.properties) ? parameters.properties : {};
}

/** A tool with another parameter in the place of one; where that was required, this is. */
export function withParameter(tool: ToolSpec, old: string, [name, schema]: readonly [string, Json]): ToolSpec {
  const { parameters } = tool;
  const properties = Object.entries(plainParameters(tool)).map((one) => (one[0] === old ? ([name, schema] as const) : one));
  const { required } = parameters;
  return {
    ...tool,
    parameters: {
      ...parameters,
      properties: Object.fromEntries(properties),
      ...(Array.isArray(required) ? { required: required.map((key: Json) => (key === old ? name : key)) } : {}),
    },
  };
}
