// Task sets as text: one task a line, with its persona, in JSON. What is read back is checked: a task's shape by schema, its tools
// like a user's own (tools/tool-spec.ts), since whoever wrote the file may not have been Playact.
import { readFileSync } from "node:fs";
import { z } from "zod";
import { describe, PlayactError } from "../errors.ts";
import { parseJson } from "../rules/json.ts";
import type { GrammarParser } from "../rules/schema/grammar.ts";
import { schemaFault } from "../rules/validate.ts";
import type { Persona } from "../store/task-sets.ts";
import { toolOf } from "../tools/tool-spec.ts";
import { attributeKinds, type ItemRule, type Json, type Task } from "../types.ts";
import { wrongCall } from "./check.ts";

/** A task and for whom it was made. */
export interface TaskLine {
  readonly persona: Persona;
  readonly task: Task;
}

const text = z.string();
const object = z.record(text, z.json());
const index = z.int().min(0);
const filled = text.min(1);

const forbidden = [
  z.strictObject({ kind: z.literal("never"), tool: text }),
  z.strictObject({ kind: z.literal("values"), tool: text, values: object }),
  z.strictObject({ kind: z.literal("before"), tool: text, first: text }),
  z.strictObject({ kind: z.literal("before_asking"), tool: text, heldBack: index }),
] as const;
const itemRule = z.discriminatedUnion("kind", [
  ...forbidden,
  z.strictObject({ kind: z.literal("called"), call: index }),
  z.strictObject({ kind: z.literal("record"), id: text.nullable(), values: object, state: text.nullable() }),
  z.strictObject({ kind: z.literal("reported"), call: index }),
  z.strictObject({ kind: z.literal("refused") }),
  z.strictObject({ kind: z.literal("no_call") }),
  z.strictObject({ kind: z.literal("asked"), heldBack: index }),
]);
const items = z.array(z.strictObject({ text, rule: itemRule.nullable() }));
const table = z.strictObject({
  thing: text,
  idName: text,
  attributes: z.array(z.strictObject({ name: text, kind: z.enum(attributeKinds), options: z.array(text) })).min(1),
  states: z.array(text).min(2),
  records: z.array(z.strictObject({ id: text, values: object, state: text })),
  operations: z.record(text, z.enum(["find", "get", "create", "update", "cancel"])),
});
const limits = z.strictObject({
  ...{ userReplies: index, assistantTurns: index, toolTurns: index, responseTokens: index, tokensPerTurn: index },
});

const taskShape = z.strictObject({
  id: filled,
  kind: z.literal("call"), // declines are made of calls in a run
  ...{ domain: text, toolset: text, level: z.number() },
  /** Checked one by one below. */
  tools: z.array(z.json()).min(1),
  ...{ systemPrompt: text, intent: text, persona: text, expectedTurns: z.number(), firstMessage: filled },
  expected: z.array(z.strictObject({ name: text, arguments: object, result: z.json() })).min(1),
  dependent: z.boolean(),
  heldBack: z.array(z.strictObject({ call: index, argument: text, sentence: text })),
  ...{ report: text, criteria: z.number(), limits },
  table: table.exactOptional(),
  restriction: z
    .strictObject({
      text,
      rule: z.discriminatedUnion("kind", [...forbidden]),
      temptation: z.strictObject({ request: text, refusal: text }).nullable(),
    })
    .exactOptional(),
  rubric: z.strictObject({ forbidden: items, subGoals: items, questions: items }).exactOptional(),
  background: text.exactOptional(),
});

const line = z.strictObject({ persona: z.strictObject({ name: filled, text: filled }), task: taskShape });

/** The lines of a file. */
export function taskLines(tasks: readonly TaskLine[]): string {
  return tasks
    .map(({ persona: { name, text: words }, task }) => `${JSON.stringify({ persona: { name, text: words }, task })}\n`)
    .join("");
}

/**
 * Reads a file of tasks; `parser`: llama.cpp's grammar parser.
 * @throws PlayactError("config") that names the file and the line, PlayactError("tools") for a tool that cannot be played
 */
export function readTaskFile(path: string, parser: GrammarParser | null): TaskLine[] {
  const lines = contentOf(path)
    .split("\n")
    .map((content, at) => ({ content, place: `${path}, line ${at + 1}` }))
    .filter(({ content }) => content.trim() !== "");
  if (lines.length === 0) throw new PlayactError("config", `${path}: expected one task a line, and the file is empty.`);
  const tasks = lines.map(({ content, place }) => setTask(content, place, parser));
  const ids = tasks.map(({ task }) => task.id);
  const repeated = ids.findIndex((id, at) => ids.indexOf(id) !== at);
  if (repeated !== -1)
    throw new PlayactError(
      "config",
      `${lines[repeated]?.place}: the id ${ids[repeated]} is that of an earlier task. Rename one.`,
    );
  return tasks;
}

function setTask(content: string, place: string, parser: GrammarParser | null): TaskLine {
  const read = line.safeParse(parsed(content, place));
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new PlayactError("config", `${place}: ${issue?.path.join(".") || "the line"}: ${issue?.message}. Correct it.`);
  }
  const { persona, task: shape } = read.data;
  const task: Task = { ...shape, tools: shape.tools.map((tool, at) => toolOf(tool, `tool number ${at + 1}`, place, parser)) };
  const names = task.tools.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new PlayactError("config", `${place}: task.tools: two tools have the name ${twice}. Rename one.`);
  const rules = [task.restriction?.rule, ...Object.values(task.rubric ?? {}).flatMap((all) => all.map(({ rule }) => rule))];
  const fault = rules.map((rule) => (rule?.kind === "values" ? schemaFault(rule.values) : null)).find((one) => one !== null);
  if (fault !== undefined)
    throw new PlayactError("config", `${place}: the schema of forbidden values cannot be used: ${fault}. Correct it.`);
  const unknown = task.expected.find(({ name }) => task.tools.every((tool) => tool.name !== name));
  if (unknown !== undefined)
    throw new PlayactError(
      "config",
      `${place}: task.expected: a call of ${unknown.name}, which is not among task.tools. Add it.`,
    );
  const wrong = wrongCall(task);
  if (wrong !== null)
    throw new PlayactError(
      "config",
      `${place}: task.expected: ${wrong.reason}, so that nobody could do it. Correct the call, its tool or the table.`,
    );
  if (task.heldBack.some(({ call, argument }) => task.expected[call]?.arguments[argument] === undefined))
    throw new PlayactError("config", `${place}: task.heldBack: a value that no call of task.expected takes. Remove it.`);
  const dangling = rules.find((rule) => rule !== undefined && rule !== null && pointsNowhere(rule, task));
  if (dangling !== undefined)
    throw new PlayactError(
      "config",
      `${place}: a rule of the rubric or the restriction points to what the task does not have: ${JSON.stringify(dangling)} (calls and held-back values are counted from 0; a record needs task.table). Correct it.`,
    );
  return { persona, task };
}

function pointsNowhere(rule: ItemRule, { expected, heldBack, table }: Task): boolean {
  switch (rule.kind) {
    case "called":
    case "reported":
      return rule.call >= expected.length;
    case "asked":
    case "before_asking":
      return rule.heldBack >= heldBack.length;
    case "record":
      return table === undefined;
    default:
      return false;
  }
}

function parsed(content: string, place: string): Json {
  const read = parseJson(content);
  if (read.ok) return read.value;
  const came = read.unsafe === null ? "text that is no JSON" : `${read.unsafe}, a number that would be rounded: write it as text`;
  throw new PlayactError("config", `${place}: expected one JSON object a line, got ${came}.`);
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, "utf8").replace(/^\ufeff/, ""); // without a byte order mark
  } catch (error) {
    throw new PlayactError("config", `${path} cannot be read (${describe(error)}). Give a file of playact synth --export.`);
  }
}
