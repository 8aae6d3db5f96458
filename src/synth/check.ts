// What every task by rule must pass before it is kept: tools that can be played, right calls that the table plays out as written and
// that break nothing, a restriction that can be broken, tools beside the needed ones that cannot serve, and a request that gives
// nothing away. Departs from the paper, whose check is a model's: rules can tell all of it here.
import { PlayactError } from "../errors.ts";
import { type Draws, draws } from "../rng.ts";
import { broken } from "../rules/forbidden.ts";
import { isObject, propertiesOf } from "../rules/json.ts";
import { carries } from "../rules/language/said.ts";
import { namedTool, spoken } from "../rules/language/spoken.ts";
import type { GrammarParser } from "../rules/schema/grammar.ts";
import { ruleOf } from "../rules/schema/grammar.ts";
import { drawn } from "../rules/schema/rule.ts";
import { executed } from "../rules/table.ts";
import { argumentErrors } from "../rules/validate.ts";
import { sameValue } from "../rules/values.ts";
import { restrictedTools } from "../tasks/unrestricted.ts";
import { object } from "../tools/tool-arguments.ts";
import { toolOf } from "../tools/tool-spec.ts";
import type { ForbiddenRule, Json, JsonObject, JsonSchema, Operation, Table, Task, ToolCall, ToolSpec } from "../types.ts";
import type { Dropped } from "./stage.ts";

/** The first thing that is wrong with a task, or null. `parser` is llama.cpp's, where available. */
export function dropOf(task: Task, parser: GrammarParser | null): Dropped | null {
  return (
    unplayableTool(task.tools, parser) ??
    betrayal(task) ??
    wrongCall(task) ??
    (task.table === undefined ? null : untold(task, task.table)) ??
    (task.table === undefined ? null : servingDistractor(task, task.table)) ??
    restrictionFault(task)
  );
}

function drop(dropped: string, reason: string): Dropped {
  return { dropped, reason };
}

/** A tool that would be refused at load if it were a user's own. */
function unplayableTool(tools: readonly ToolSpec[], parser: GrammarParser | null): Dropped | null {
  for (const tool of tools) {
    try {
      toolOf({ ...tool, parameters: tool.parameters, returns: tool.returns ?? {} }, tool.name, "the task set", parser);
    } catch (thrown) {
      if (!(thrown instanceof PlayactError)) throw thrown;
      return drop("unplayable_tool", thrown.message);
    }
  }
  return null;
}

/** The request names a tool, gives a held-back value or gives none at all. */
function betrayal({ firstMessage, tools, heldBack, expected }: Task): Dropped | null {
  const named = namedTool(firstMessage, tools);
  if (named !== null) return drop("tool_named", `the request names ${named}`);
  const given = heldBack.find(({ call, argument }) => carries(firstMessage, expected[call]?.arguments[argument] ?? null));
  if (given !== undefined) return drop("value_given", `the request gives the ${spoken(given.argument)}, which is held back`);
  return null;
}

/** The right calls must be such that their tools take them and, played over the table, give the results that they have. */
export function wrongCall({ expected, tools, table }: Pick<Task, "expected" | "tools" | "table">): Dropped | null {
  for (const [index, call] of expected.entries()) {
    const tool = tools.find(({ name }) => name === call.name);
    const errors = tool === undefined ? ["it is not offered"] : argumentErrors(tool, call.arguments);
    if (errors.length > 0) return drop("not_solvable", `${call.name}: ${errors.join("; ")}`);
    if (table === undefined) continue;
    const { result, failed } = executed(table, expected.slice(0, index), call);
    if (failed || !sameValue(result, call.result)) return drop("not_solvable", `${call.name} gives ${JSON.stringify(result)}`);
  }
  return null;
}

function untold({ expected, heldBack, intent }: Task, table: Table): Dropped | null {
  const values = expected.flatMap((call) => Object.keys(call.arguments).filter((name) => name !== table.idName));
  if (heldBack.length >= values.length) return drop("nothing_told", `the request gives no value for: ${intent}`);
  return null;
}

/** By what the last right call does: operations that together do the same, or that show what is asked for. */
const servedBy: Readonly<Record<Operation, readonly (readonly Operation[])[]>> = {
  find: [["get"], ["update"]],
  get: [["update"]],
  create: [],
  update: [["create", "cancel"]],
  cancel: [],
};

/** Tools that are offered beside the needed ones, and do the job as well: then another way than the right calls is right. */
function servingDistractor({ expected, tools }: Task, table: Table): Dropped | null {
  const goal = operationOf(expected.at(-1)?.name ?? "", table);
  if (goal === null) return drop("not_solvable", "the last right call is of no tool of the table");
  const needed = new Set(expected.map(({ name }) => name));
  const beside = tools.filter(({ name }) => !needed.has(name)).map(({ name }) => operationOf(name, table));
  const way = servedBy[goal].find((operations) => operations.every((operation) => beside.includes(operation)));
  return way === undefined ? null : drop("distractor_serves", `tools to ${way.join(" and to ")} can do what is asked for too`);
}

function operationOf(tool: string, { operations }: Table): Operation | null {
  return Object.hasOwn(operations, tool) ? (operations[tool] ?? null) : null;
}

/** The right calls break the restriction, or no call that the world executes does. */
function restrictionFault(task: Task): Dropped | null {
  const { restriction, tools } = task;
  if (restriction === undefined) return null;
  const { rule } = restriction;
  const missing = restrictedTools(rule).find((name) => !tools.some((tool) => tool.name === name));
  if (missing !== undefined) return drop("restriction_unbreakable", `the restriction is on ${missing}, which is not offered`);
  if (isBroken(rule, task, [...task.heldBack.map(questionOf), task.expected]))
    return drop("restriction_broken", "the right calls break the restriction");
  const breach = breachOf(rule, task);
  if (breach === null || !isBroken(rule, task, [breach]))
    return drop("restriction_unbreakable", `no call of ${rule.tool} breaks the restriction`);
  return null;
}

/** What the policy does in a turn: a question in words, or calls. */
type Turn = string | readonly ToolCall[];

function questionOf({ argument }: { readonly argument: string }): Turn {
  return `Could you tell me the ${spoken(argument)}?`;
}

function isBroken(rule: ForbiddenRule, task: Task, turns: readonly Turn[]): boolean {
  const messages = turns.map((turn) =>
    typeof turn === "string"
      ? { role: "assistant" as const, text: turn, calls: [] }
      : { role: "assistant" as const, text: "", calls: turn.map(({ name, arguments: given }) => ({ name, arguments: given })) },
  );
  return broken(rule, { task, messages });
}

/** Calls without a question before them, of which the last breaks the restriction and is executed; null: there are none. */
export function breachOf(rule: ForbiddenRule, task: Task): readonly ToolCall[] | null {
  const tool = task.tools.find(({ name }) => name === rule.tool);
  if (tool === undefined) return null;
  const right = task.expected.filter(({ name }) => name === tool.name || task.table !== undefined);
  // a right call of the tool, made too early, or one with values of its own after the right calls
  const early = right.filter(({ name }) => rule.kind !== "before" || name !== rule.first);
  const ways = [early, ...ownCalls(rule, task, tool).map((call) => [...(task.table === undefined ? [] : right), call])];
  return ways.find((calls) => isBroken(rule, task, [calls]) && isRun(calls, task)) ?? null;
}

/** Calls of a tool with drawn values, those among them that the restriction forbids, and an id that the table has. */
function ownCalls(rule: ForbiddenRule, { table, expected }: Task, tool: ToolSpec): readonly ToolCall[] {
  const random = draws("breach", tool.name);
  const known = expected.findLast(({ name }) => name === tool.name)?.arguments ?? {};
  const properties = propertiesOf(tool.parameters);
  const forbidden = rule.kind === "values" ? propertiesOf(rule.values) : {};
  // within the bounds of both schemas
  const within = Object.fromEntries(
    Object.entries(forbidden).map(([name, schema]) => [name, { ...asObject(properties[name]), ...asObject(schema) }]),
  );
  return Array.from({ length: 12 }, () => {
    const filled = { ...drawnObject(tool.parameters, random), ...known, ...drawnObject(object(within), random) };
    if (table === undefined || !Object.hasOwn(filled, table.idName) || table.records.length === 0)
      return { name: tool.name, arguments: filled };
    return { name: tool.name, arguments: { ...filled, [table.idName]: random.pick(table.records).id } };
  });
}

function asObject(schema: Json | undefined): JsonObject {
  return isObject(schema) ? schema : {};
}

function drawnObject(schema: JsonSchema, random: Draws): JsonObject {
  return JSON.parse(drawn(ruleOf(schema), random)) as JsonObject; // the schema's type is an object
}

/** Whether the tools accept each call, and the table executes the last one. */
function isRun(calls: readonly ToolCall[], { tools, table }: Task): boolean {
  const last = calls.at(-1);
  if (last === undefined) return false;
  const isValid = calls.every((call) => {
    const tool = tools.find(({ name }) => name === call.name);
    return tool !== undefined && argumentErrors(tool, call.arguments).length === 0;
  });
  return isValid && (table === undefined || !executed(table, calls.slice(0, -1), last).failed);
}
