// What is to be done with an assembled toolset, drawn before a word is said: a goal, its calls with values and results, what the
// user keeps back, and the one wish as which a person says it all. A person knows no tools: somebody who wants an entry cancelled
// does not ask to have it found first. Departs from the paper, whose teacher writes the task and then solves it.
import type { Draws } from "../rng.ts";
import { propertiesOf } from "../rules/json.ts";
import { carries } from "../rules/language/said.ts";
import { spoken, spokenValue } from "../rules/language/spoken.ts";
import { executed } from "../rules/table.ts";
import type { Plan } from "../tasks/draw-task.ts";
import type { TaskOrder } from "../tasks/orders.ts";
import { toldSlots } from "../tasks/told-values.ts";
import type { Outline } from "../tasks/write-task.ts";
import { object } from "../tools/tool-arguments.ts";
import type { Attribute, ExpectedCall, HeldBack, Json, JsonObject, TableRecord, ToolCall, ToolSpec } from "../types.ts";
import { type Assembled, toolFor, verbOf, withArticle } from "./assemble.ts";
import { drawnNames, drawnValue, otherValue } from "./values.ts";

export const goals = ["create", "cancel", "update", "get"] as const;
export type Goal = (typeof goals)[number];

export interface DrawnTask {
  readonly goal: Goal;
  /** In order, with their results. */
  readonly calls: readonly ExpectedCall[];
  readonly heldBack: readonly Omit<HeldBack, "sentence">[];
  /** What the person says or is asked for, by attribute: of no two calls does it contain the same one. */
  readonly said: JsonObject;
  /** The record that it is about; null: one that the task makes. */
  readonly record: TableRecord | null;
  /** Attributes that the goal is about: those that change, or the one that is asked for. */
  readonly about: readonly Attribute[];
}

/** A goal with its values. They are drawn again until nothing that is said gives away what is held back. */
export function drawnTask(world: Assembled, random: Draws): DrawnTask {
  const goal = random.pick(goals);
  for (let draw = 0; ; draw++) {
    const task = withValues(world, goal, random);
    if (!givesAway(task) || draw === 40) return task; // what still does, check.ts drops
  }
}

function withValues(world: Assembled, goal: Goal, random: Draws): DrawnTask {
  const { table } = world;
  const { attributes, idName, records } = table;
  if (goal === "create") {
    const [first] = attributes;
    const taken = records.map(({ values }) => values[first?.name ?? ""] ?? null);
    const name = random.pick(drawnNames(12, random).filter((one) => !taken.includes(one)));
    const said = Object.fromEntries(attributes.map((one, at) => [one.name, at === 0 ? name : drawnValue(one, random)]));
    const calls = played(world, [{ name: toolFor("create", world).name, arguments: said }]);
    return { goal, calls, said, record: null, about: attributes, heldBack: drawnHeldBack(calls, Object.keys(said), random) };
  }
  const record = random.pick(records);
  const find = toolFor("find", world);
  const sought = valuesOf(record, Object.keys(propertiesOf(find.parameters)));
  const free = attributes.filter(({ name }) => !Object.hasOwn(sought, name));
  const about = goal === "cancel" ? [] : goal === "get" ? free.slice(-1) : random.shuffle(free).slice(0, random.integer(1, 2));
  const changes: JsonObject =
    goal === "update"
      ? Object.fromEntries(about.map((one) => [one.name, otherValue(one, [record.values[one.name] ?? null], random)]))
      : {};
  const calls = played(world, [
    { name: find.name, arguments: sought },
    { name: toolFor(goal, world).name, arguments: { [idName]: record.id, ...changes } },
  ]);
  const said = { ...sought, ...changes };
  return { goal, calls, said, record, about, heldBack: drawnHeldBack(calls, Object.keys(said), random) };
}

/** The calls with what the table gives for them, one after the other. */
export function played({ table }: Assembled, calls: readonly ToolCall[]): ExpectedCall[] {
  return calls.map((call, at) => ({ ...call, result: executed(table, calls.slice(0, at), call).result }));
}

export function valuesOf({ values }: TableRecord, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, values[name] ?? null]));
}

/** One value, or of four or more sometimes two: never all of them. */
function drawnHeldBack(calls: readonly ToolCall[], names: readonly string[], random: Draws): DrawnTask["heldBack"] {
  const count = names.length > 3 && random.uniform() < 0.5 ? 2 : 1;
  const drawn = random.shuffle(names).slice(0, Math.min(count, names.length - 1));
  return drawn
    .map((argument) => ({ call: calls.findIndex((call) => Object.hasOwn(call.arguments, argument)), argument }))
    .sort((one, other) => one.call - other.call);
}

/** "2 guests" gives away a fee of 2, and the name of one person that of nobody else. */
function givesAway({ said, heldBack }: DrawnTask): boolean {
  const isHeld = (name: string) => heldBack.some(({ argument }) => argument === name);
  const told = Object.entries(said).filter(([name]) => !isHeld(name));
  return heldBack.some(({ argument }) => told.some(([, value]) => carries(String(value), said[argument] ?? null)));
}

/** What the person asks for, as one tool that nobody has: it takes all that is said. */
function wishOf(world: Assembled, { goal, said, about }: Pick<DrawnTask, "goal" | "said" | "about">): ToolSpec {
  const thing = spoken(world.table.thing);
  const tool = toolFor(goal, world);
  const what = about.map(({ name }) => spoken(name)).join(" and the ");
  const descriptions: Readonly<Record<Goal, string>> = {
    create: `${verbOf(tool.name)} ${withArticle(`new ${thing}`)}.`,
    cancel: `${verbOf(tool.name)} ${withArticle(thing)}.`,
    update: `change the ${what} of an existing ${thing}.`,
    get: `show all details of ${withArticle(thing)}, above all the ${what}.`,
  };
  const known: JsonObject = Object.assign({}, ...world.toolset.tools.map(({ parameters }) => propertiesOf(parameters)));
  const parameters = object(Object.fromEntries(Object.keys(said).map((name) => [name, known[name] ?? {}])));
  const description = descriptions[goal];
  return { name: tool.name, description: description.slice(0, 1).toUpperCase() + description.slice(1), parameters };
}

/**
 * How a person begins to say each wish, so that no wording asks for another one. What is to change stands here with its new value:
 * a small simulator that words it itself writes "from 120" as often as "to 120".
 */
function openingsOf(world: Assembled, { goal, about }: DrawnTask, plan: Plan, calls: readonly ExpectedCall[]): readonly string[] {
  if (goal === "get") return ["Tell me about", "Tell me all about", "Show me", "Can you tell me about", "What do you know about"];
  const verb = verbOf(toolFor(goal, world).name);
  const starts = ["Please", "Can you", "Could you please", "I'd like to", "I need to", "I want to"];
  if (goal !== "update") return starts.map((start) => `${start} ${verb}`);
  const isHeld = (name: string) => plan.heldBack.some(({ argument }) => argument === name);
  const [told, held] = [about.filter(({ name }) => !isHeld(name)), about.filter(({ name }) => isHeld(name))];
  return starts.map((start, at) => {
    const changes = told.map(({ name }) => {
      const forms = toldSlots(plan, calls, (one) => one === name).flatMap((slots) => slots.flatMap((slot) => slot.forms));
      return `the ${spoken(name)} to ${forms[at % Math.max(1, forms.length)] ?? spokenValue(calls[0]?.arguments[name] ?? null)}`;
    });
    const topics = held.map(({ name }) => `the ${spoken(name)}`);
    const all = [...changes, ...topics].join(told.length > 0 && held.length > 0 ? ", and also " : " and ");
    return `${start} ${verb} ${all} for the ${spoken(world.table.thing)}`; // ends in a word: the next value may follow at once
  });
}

/** The outline from which a simulator writes the first message (tasks/write-task.ts): one wish, with the values that are said. */
export function outlineOf(
  world: Assembled,
  { task, offered }: { readonly task: DrawnTask; readonly offered: readonly ToolSpec[] },
  order: TaskOrder,
  situation: string,
): Outline {
  const wish = wishOf(world, task);
  const result: Json = task.calls.at(-1)?.result ?? null;
  const plan: Plan = {
    ...{ toolset: world.toolset, needed: [wish], links: [], used: [Object.keys(task.said)], offered },
    heldBack: task.heldBack.map(({ argument }) => ({ call: 0, argument })),
  };
  const calls = [{ name: wish.name, arguments: task.said, result }];
  const openings = openingsOf(world, task, plan, calls);
  const opened = task.goal === "update" ? task.about.map(({ name }) => name) : [];
  return { order, plan, calls, situation, openings, opened };
}
