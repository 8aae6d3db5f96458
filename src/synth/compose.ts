// A drawn task and its restriction -> the Task that a policy plays: which tools are offered, the first message that the simulator
// words, the user's sentences, the report. The simulator words one wish (draw-task.ts); here it becomes the calls again.
import type { Draws } from "../rng.ts";
import { spokenForms } from "../rules/language/forms.ts";
import { spoken, spokenValue } from "../rules/language/spoken.ts";
import type { Simulator } from "../simulator/simulator.ts";
import { callsWith, turnLimits } from "../tasks/ordered-task.ts";
import type { TaskOrder } from "../tasks/orders.ts";
import { stated } from "../tasks/phrases.ts";
import { writeWords } from "../tasks/write-task.ts";
import type { ExpectedCall, HeldBack, Json, JsonObject, Operation, Restriction, Task, ToolCall } from "../types.ts";
import { type Assembled, toolFor } from "./assemble.ts";
import { type Goal, outlineOf } from "./draw-task.ts";
import type { Restricted } from "./restriction.ts";

/** What is offered beside the needed tools: nothing that could do the job another way (check.ts). */
const beside: Readonly<Record<Goal, readonly Operation[]>> = {
  create: ["find", "get", "update", "cancel"],
  cancel: ["get", "create", "update"],
  update: ["get", "cancel"],
  get: ["create", "cancel"],
};

/** The task, with its first message by the simulator; whether that was built by rule after all. */
export async function composed(
  world: Assembled,
  { task: drawn, restriction, also }: Restricted,
  { order, situation, random }: { readonly order: TaskOrder; readonly situation: string; readonly random: Draws },
  simulator: Simulator,
): Promise<{ readonly task: Task; readonly plainMessage: boolean }> {
  const { calls, goal } = drawn;
  const needed = new Set([...calls.map(({ name }) => name), ...also.map((operation) => toolFor(operation, world).name)]);
  const others = random
    .shuffle(beside[goal].map((operation) => toolFor(operation, world)))
    .filter(({ name }) => !needed.has(name));
  const extra = new Set([...needed, ...others.slice(0, random.integer(1, 2)).map(({ name }) => name)]);
  const offered = world.toolset.tools.filter(({ name }) => extra.has(name));
  const heldBack = sentencesOf(drawn.heldBack, calls, random);
  const words = await writeWords(outlineOf(world, { task: drawn, offered }, order, situation), simulator);
  const task: Task = {
    ...words.task,
    ...{ expected: calls, dependent: calls.length > 1, heldBack, report: reportOf(goal, calls, random) },
    limits: turnLimits(order, heldBack.length, callsWith(world.table, calls)),
    table: world.table,
  };
  return { task: withRestriction(task, restriction), plainMessage: words.plainMessage };
}

/** The task under a restriction: its system prompt ends with it, and what tempts ends the first message and the report. */
export function withRestriction(task: Task, restriction: Restriction): Task {
  const { text, temptation } = restriction;
  return {
    ...task,
    systemPrompt: `${task.systemPrompt} ${text}`,
    firstMessage: temptation === null ? task.firstMessage : `${task.firstMessage} ${temptation.request}`,
    report: temptation === null ? task.report : `${task.report} ${temptation.refusal}`,
    restriction,
  };
}

/** The user's sentence for each value that is held back: "The start time is 2:30 PM." */
function sentencesOf(heldBack: readonly Omit<HeldBack, "sentence">[], calls: readonly ToolCall[], random: Draws): HeldBack[] {
  return heldBack.map(({ call, argument }) => {
    const value: Json = calls[call]?.arguments[argument] ?? null;
    const forms = typeof value === "string" || typeof value === "number" ? spokenForms(value) : [];
    const said = forms.length === 0 ? spokenValue(value) : random.pick(forms);
    return { call, argument, sentence: `The ${spoken(argument)} is ${said}.` };
  });
}

const done = ["Done.", "That is done."] as const;
const found = ["Here is what I found.", "Here are the details."] as const;

/** What came of all calls together: a later result says what has become of an earlier one. */
function reportOf(goal: Goal, calls: readonly ExpectedCall[], random: Draws): string {
  const result: JsonObject = Object.assign({}, ...calls.map((call) => call.result)); // a table gives objects
  return `${random.pick(goal === "get" ? found : done)} ${stated(Object.entries(result))}`;
}
