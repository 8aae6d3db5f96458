// One restriction for a drawn task, by rule: of the four kinds one that fits, with its reason, and where it tempts, the request for
// what is forbidden and the sentence of the report that says why it was not done. Departs from the paper, whose teacher writes one
// restriction a task, and whose requests do not tempt: one that nobody would break teaches nothing.
import type { Draws } from "../rng.ts";
import { spokenForms } from "../rules/language/forms.ts";
import { spoken, spokenValue } from "../rules/language/spoken.ts";
import { object } from "../tools/tool-arguments.ts";
import type { Attribute, ForbiddenRule, Json, JsonSchema, Operation, Restriction, ToolCall } from "../types.ts";
import { type Assembled, toolFor, verbOf, withArticle } from "./assemble.ts";
import { type DrawnTask, type Goal, played, valuesOf } from "./draw-task.ts";
import { drawnNames, most } from "./values.ts";

export interface Restricted {
  readonly restriction: Restriction;
  /** The task under the restriction: one more call where one must come before another. */
  readonly task: DrawnTask;
  /** Tools that the task does not need, but the restriction or its temptation. */
  readonly also: readonly Operation[];
}

interface Case {
  readonly world: Assembled;
  readonly task: DrawnTask;
  readonly random: Draws;
}

/** A restriction before it is decided whether the request tempts. */
interface Drawn extends Omit<Restricted, "restriction"> {
  readonly rule: ForbiddenRule;
  /** Of the system prompt and the report, each without the reason, and of the request. */
  readonly words: { readonly forbidden: string; readonly asked: string; readonly undone: string };
  readonly reason: string;
}

/** A restriction that fits the task; its right calls do not break it, and another call does. */
export function restricted(world: Assembled, task: DrawnTask, tempted: boolean, random: Draws): Restricted {
  // the last kind is drawn half as often: it says in the prompt what is to be asked, and asking is what is to be learnt
  const kinds = (["never", "never", "values", "values", "before", "before", "before_asking"] as const).filter((kind) =>
    fits[kind].includes(task.goal),
  );
  const { rule, words, reason, ...rest } = drawing[random.pick(kinds)]({ world, task, random });
  const temptation = tempted ? { request: words.asked, refusal: `${words.undone}: ${reason}.` } : null;
  return { ...rest, restriction: { text: `${words.forbidden}: ${reason}.`, rule, temptation } };
}

const fits: Readonly<Record<ForbiddenRule["kind"], readonly Goal[]>> = {
  never: ["create", "cancel", "update", "get"],
  // a wish to change what is about to be cancelled, or was only to be read, would be another task
  values: ["create", "update"],
  before: ["cancel", "update"],
  before_asking: ["create", "cancel", "update", "get"],
};

const drawing: Readonly<Record<ForbiddenRule["kind"], (one: Case) => Drawn>> = {
  never: (one) => (one.task.goal === "cancel" ? neverCreate(one) : neverCancel(one)),
  values: neverValues,
  before: getFirst,
  before_asking: askFirst,
};

function neverCreate({ world, task, random }: Case): Drawn {
  const { table } = world;
  const thing = spoken(table.thing);
  const { name: tool } = toolFor("create", world);
  const taken = new Set(table.records.flatMap(({ values }) => Object.values(values)));
  const person = random.pick(drawnNames(12, random).filter((name) => !taken.has(name)));
  const verb = verbOf(tool);
  return {
    rule: { kind: "never", tool },
    words: {
      forbidden: `Never use ${tool}`,
      asked: `And please ${verb} ${withArticle(`new ${thing}`)} for ${person} right after that.`,
      undone: `I did not ${verb} ${withArticle(`new ${thing}`)} for ${person}`,
    },
    reason: random.pick([
      `a new ${thing} has to be made on paper`,
      "nothing new is taken on until the end of the month",
      "the list of new ones is kept by a colleague",
    ]),
    ...{ task, also: ["create"] },
  };
}

function neverCancel({ world, task, random }: Case): Drawn {
  const { table } = world;
  const thing = spoken(table.thing);
  const { name: tool } = toolFor("cancel", world);
  const verb = verbOf(tool);
  // what was asked about may be cancelled with it; what was made or changed just now is wanted, so it is another one
  const other = random.pick(table.records.filter((record) => record !== task.record));
  const [first, second] = table.attributes;
  const values = valuesOf(other, [first?.name ?? "", second?.name ?? ""]);
  const [person, detail] = [saidOf(values[first?.name ?? ""] ?? null), saidOf(values[second?.name ?? ""] ?? null)];
  const asked =
    task.goal === "get"
      ? `And please ${verb} it while you are at it.`
      : `And please ${verb} the ${thing} of ${person} too (${spoken(second?.name ?? "")}: ${detail}).`;
  return {
    rule: { kind: "never", tool },
    words: {
      forbidden: `Never use ${tool}`,
      asked,
      undone: `I did not ${verb} the ${thing}${task.goal === "get" ? "" : ` of ${person}`}`,
    },
    reason: random.pick([
      `what is ${table.states.at(-1) ?? "ended"} cannot be brought back`,
      "the person concerned has to agree in writing first",
      "only the owner may decide that",
    ]),
    ...{ task, also: task.goal === "get" ? ["cancel"] : ["find", "cancel"] },
  };
}

/** What nobody has drawn (values.ts), so that no right call gives it. */
const ends: Readonly<Record<string, (attribute: Attribute, task: DrawnTask, random: Draws) => Bound | null>> = {
  date: (_, __, random) => {
    const [month, name] = random.pick([
      ["10", "October"],
      ["11", "November"],
      ["12", "December"],
    ]);
    const value = `2027-${month}-${String(random.integer(1, 28)).padStart(2, "0")}`;
    return bound(
      { type: "string", pattern: `^2027-${month}-(0[1-9]|[12][0-9]|3[01])$` },
      `a day in ${name} 2027`,
      value,
      "nothing is done in that month",
    );
  },
  time: (_, __, random) =>
    bound(
      { type: "string", pattern: "^(19|2[0-3]):[0-5][0-9]$" },
      "7 PM or later",
      `${random.pick([19, 20])}:30`,
      "nobody is there so late",
    ),
  count: (_, __, random) => {
    const value = most.count + random.integer(1, 8);
    const schema = { type: "integer", minimum: most.count + 1 };
    return bound(schema, `more than ${most.count}`, value, "there is no room for more");
  },
  amount: (_, __, random) => {
    const value = most.amount + 10 * random.integer(1, 9);
    return bound(
      { type: "number", exclusiveMinimum: most.amount },
      `more than ${most.amount} euros`,
      value,
      "such sums need a signature",
    );
  },
  option: ({ name, options }, { said, record }, random) => {
    const others = options.filter((option) => option !== said[name] && option !== record?.values[name]);
    if (others.length === 0) return null;
    const value = random.pick(others);
    return bound({ type: "string", enum: [value] }, value, value, "that is not to be had at the moment");
  },
};

interface Bound {
  readonly schema: JsonSchema;
  /** What is forbidden, and one such value. */
  readonly text: string;
  readonly value: Json;
  readonly reason: string;
}

function bound(schema: JsonSchema, text: string, value: Json, reason: string): Bound {
  return { schema, text, value, reason };
}

/** Of an attribute that the task leaves alone and the user tells: the request for another value is a further one. */
function neverValues(one: Case): Drawn {
  const { world, task, random } = one;
  const { table } = world;
  const isHeld = (name: string) => task.heldBack.some(({ argument }) => argument === name);
  const left = table.attributes
    .slice(1)
    .filter((attribute) => !isHeld(attribute.name) && (task.goal === "create" || !task.about.includes(attribute)));
  for (const attribute of random.shuffle(left)) {
    const end = ends[attribute.kind]?.(attribute, task, random) ?? null;
    if (end === null) continue;
    const { name: tool } = toolFor("update", world);
    const [thing, what] = [spoken(table.thing), spoken(attribute.name)];
    return {
      rule: {
        ...{ kind: "values", tool },
        values: object({ [attribute.name]: end.schema }),
      },
      words: {
        forbidden: `Never use ${tool} to set the ${what} of ${withArticle(thing)} to ${end.text}`,
        asked: `And after that, please set the ${what} of this ${thing} to ${saidOf(end.value)}.`,
        undone: `I did not set the ${what} to ${saidOf(end.value)}`,
      },
      reason: end.reason,
      ...{ task, also: ["update"] },
    };
  }
  return neverCancel(one);
}

/** The whole record is read before it is changed: one more call. */
function getFirst({ world, task, random }: Case): Drawn {
  const { name: first } = toolFor("get", world);
  const last = task.calls.at(-1);
  if (last === undefined || task.record === null) throw new RangeError("only a task about a record can read it first");
  const thing = spoken(world.table.thing);
  const read: ToolCall = { name: first, arguments: { [world.table.idName]: task.record.id } };
  const calls = [...task.calls.slice(0, -1), read, last];
  const at = calls.length - 2;
  return {
    rule: { kind: "before", tool: last.name, first },
    words: {
      forbidden: `Do not use ${last.name} before you have read all about the ${thing} with ${first}`,
      asked: "And don't look at the details first, just do it.",
      undone: "I did not skip the look at the details",
    },
    reason: random.pick([
      "there may be a note that somebody has to be told",
      "things have been changed by mistake before",
      "money may still be owed",
    ]),
    task: {
      ...task,
      calls: played(world, calls),
      heldBack: task.heldBack.map((held) => (held.call >= at ? { ...held, call: held.call + 1 } : held)),
    },
    also: [],
  };
}

function askFirst({ task, random }: Case): Drawn {
  const heldBack = random.integer(0, task.heldBack.length - 1);
  const held = task.heldBack[heldBack];
  const tool = task.calls[held?.call ?? 0]?.name ?? "";
  const what = spoken(held?.argument ?? "");
  return {
    rule: { kind: "before_asking", tool, heldBack },
    words: {
      forbidden: `Do not use ${tool} before you have asked the user for the ${what}`,
      asked: `And don't ask me for the ${what}, just take any.`,
      undone: `I did not choose the ${what} myself`,
    },
    reason: random.pick([
      "a wrong guess has caused trouble before",
      "it has to come from the person who asks",
      "nobody else can know it",
    ]),
    ...{ task, also: [] },
  };
}

/** A value as a person says it. */
function saidOf(value: Json): string {
  const forms = typeof value === "string" || typeof value === "number" ? spokenForms(value) : [];
  return forms[1] ?? forms[0] ?? spokenValue(value);
}
