// Held-out tasks of the embedded catalogue that are written already (held-out.json, by scripts/write-held-out.mjs): writing
// them takes a simulator a quarter of an hour, and so every run can be compared with every other. An entry holds what no config
// decides; id, level, system prompt and limits come from the order, as for any task.
import { z } from "zod";
import type { Json, JsonObject, Task, ToolSpec, Toolset } from "../types.ts";
import written from "./held-out.json" with { type: "json" };
import type { HeldOutPurpose } from "./held-out.ts";
import { orderedTask } from "./ordered-task.ts";
import type { OrderedKind, TaskOrder } from "./orders.ts";

const json: z.ZodType<Json> = z.json();
const values: z.ZodType<JsonObject> = z.record(z.string(), z.json());

const readyTask = z.strictObject({
  purpose: z.enum(["evaluation", "selection"]),
  kind: z.enum(["plain", "ask", "chain", "parallel"]),
  /** Counted from 0 among the tasks of one purpose and kind. */
  number: z.number().int().min(0),
  toolset: z.string(),
  /** Names of the offered tools, in the order of the prompt. */
  tools: z.array(z.string()),
  intent: z.string(),
  persona: z.string(),
  firstMessage: z.string(),
  expected: z.array(z.strictObject({ name: z.string(), arguments: values, result: json })),
  dependent: z.boolean(),
  heldBack: z.array(z.strictObject({ call: z.number().int().min(0), argument: z.string(), sentence: z.string() })),
  report: z.string(),
});
export type ReadyTask = z.output<typeof readyTask>;

/** All ready tasks of the embedded catalogue. */
export function readyTasks(): readonly ReadyTask[] {
  return z.array(readyTask).parse(written);
}

/** The part of a written task that no config decides. */
export function asReady(task: Task, place: { purpose: HeldOutPurpose; kind: OrderedKind; number: number }): ReadyTask {
  const { toolset, intent, persona, firstMessage, dependent, report } = task;
  return {
    ...place,
    ...{ toolset, tools: task.tools.map(({ name }) => name), intent, persona, firstMessage },
    expected: task.expected.map(({ name, arguments: given, result }) => ({ name, arguments: given, result })),
    dependent,
    heldBack: task.heldBack.map(({ call, argument, sentence }) => ({ call, argument, sentence })),
    report,
  };
}

/** The whole task under an order; null if `toolsets` have not its toolset or not all of its tools. */
export function readyToPlay(ready: ReadyTask, order: TaskOrder, toolsets: readonly Toolset[]): Task | null {
  const own = toolsets.find(({ name }) => name === ready.toolset);
  const known = new Map(toolsets.flatMap(({ tools }) => tools.map((tool): [string, ToolSpec] => [tool.name, tool])));
  const tools = ready.tools.flatMap((name) => known.get(name) ?? []);
  if (own === undefined || tools.length < ready.tools.length) return null;
  const { persona, heldBack, intent, firstMessage, expected, dependent, report } = ready;
  return {
    ...orderedTask(order, expected, heldBack, expected.length),
    ...{ kind: "call", domain: own.domain, toolset: own.name, tools },
    ...{ persona, heldBack, intent, firstMessage, expected, dependent, report },
  };
}
