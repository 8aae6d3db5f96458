// A form -> five tools and the table that they work on, by rule. The id chains the tools: a search or a new entry gives it, the
// others take it. A search takes two values, so that a person can leave one of them out. Departs from the paper, whose teacher
// writes tools: a small simulator writes tools that cannot be played.
import type { Draws } from "../rng.ts";
import { spoken } from "../rules/language/spoken.ts";
import { shownBy } from "../rules/table.ts";
import { endings, openings } from "../simulator/prompts/synth-form.ts";
import { object } from "../tools/tool-arguments.ts";
import type { Attribute, JsonSchema, Operation, Table, TableRecord, ToolSpec, Toolset } from "../types.ts";
import type { Form } from "./form.ts";
import { drawnNames, drawnValue, schemaOfKind } from "./values.ts";

/** The tools of a form and their table. */
export interface Assembled {
  readonly toolset: Toolset;
  readonly table: Table;
}

/** One domain for all assembled toolsets: each is a distractor for the others. */
const assembledDomain = "assembled";

/** Attributes that a search takes, from the first on. */
const searched = 2;

/** @param name of the toolset; no two of a task set have the same */
export function assembled(form: Form, name: string, random: Draws): Assembled {
  const thing = form.thing.replaceAll(" ", "_");
  const [first, , last] = form.states;
  const names: Readonly<Record<Operation, string>> = {
    find: `${random.pick(["find", "locate"])}_${thing}`,
    get: random.pick([`get_${thing}`, `show_${thing}`, `get_${thing}_details`]),
    create: `${openings[first] ?? "create"}_${thing}`,
    update: `${random.pick(["update", "change", "edit"])}_${thing}`,
    cancel: `${endings[last] ?? "cancel"}_${thing}`,
  };
  const table: Table = {
    thing,
    idName: `${thing}_id`,
    attributes: form.attributes,
    states: form.states,
    records: drawnRecords(form, random),
    operations: Object.fromEntries(Object.entries(names).map(([operation, tool]) => [tool, operation as Operation])), // its keys
  };
  // the order of operations, not of importance: a policy must not learn a place
  const tools = random
    .shuffle(Object.keys(names) as Operation[])
    .map((operation) => toolSpecOf(operation, names[operation], table)); // as above
  return { toolset: { domain: assembledDomain, name, tools }, table };
}

function drawnRecords({ thing, attributes, states }: Form, random: Draws): readonly TableRecord[] {
  const people = drawnNames(random.integer(4, 6), random);
  const words = thing.split(" ");
  const letters = (words.length > 1 ? words.map((word) => word.slice(0, 1)).join("") : thing.slice(0, 2)).toUpperCase();
  const numbers = new Set<number>();
  while (numbers.size < people.length) numbers.add(random.integer(1000, 9999));
  const ids = [...numbers].map((number) => `${letters}-${number}`);
  return people.map((person, at) => ({
    id: ids[at] ?? letters,
    values: Object.fromEntries(
      attributes.map((attribute, place) => [attribute.name, place === 0 ? person : drawnValue(attribute, random)]),
    ),
    // none has ended: what a task is about can always be done
    state: random.pick(states.slice(0, -1)),
  }));
}

function toolSpecOf(operation: Operation, name: string, table: Table): ToolSpec {
  const { idName, attributes, states } = table;
  const thing = spoken(table.thing);
  const one = withArticle(thing);
  const id = { [idName]: { type: "string", description: `Id of the ${thing}.` } };
  const all = fieldsOf(attributes);
  const [person] = attributes;
  const { description, parameters }: Pick<ToolSpec, "description" | "parameters"> = {
    find: {
      description: `Find ${one} by its ${wordsOf(attributes.slice(0, searched))}. Gives its id and its state.`,
      parameters: object(fieldsOf(attributes.slice(0, searched))),
    },
    get: { description: `Show all that is written down about ${one}.`, parameters: object(id) },
    create: { description: `${capital(verbOf(name))} ${withArticle(`new ${thing}`)}. Gives its id.`, parameters: object(all) },
    update: {
      description: `Change one or more details of ${one}.`,
      parameters: {
        ...{ type: "object", properties: { ...id, ...fieldsOf(attributes.filter((attribute) => attribute !== person)) } },
        ...{ required: [idName], minProperties: 2 },
      },
    },
    cancel: { description: `${capital(verbOf(name))} ${one}.`, parameters: object(id) },
  }[operation];
  const shown = { ...id, ...fieldsOf(shownBy(operation, table)), state: { type: "string", enum: [...states] } };
  return { name, description, parameters, returns: object(shown) };
}

function fieldsOf(attributes: readonly Attribute[]): Record<string, JsonSchema> {
  return Object.fromEntries(
    attributes.map((attribute) => [attribute.name, schemaOfKind(attribute, capital(spoken(attribute.name)))]),
  );
}

function wordsOf(attributes: readonly Attribute[]): string {
  return attributes.map(({ name }) => spoken(name)).join(" and ");
}

/** The first word of a tool's name: "book". */
export function verbOf(tool: string): string {
  return spoken(tool).split(" ")[0] ?? tool;
}

/** The tool that does an operation. */
export function toolFor(operation: Operation, { toolset, table }: Assembled): ToolSpec {
  const found = toolset.tools.find(({ name }) => table.operations[name] === operation);
  if (found === undefined) throw new RangeError(`the toolset ${toolset.name} has no tool to ${operation}`);
  return found;
}

export function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
