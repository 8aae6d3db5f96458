// What executed tools do to their table (SynthAgent's world, assembled; docs/world.md). Nothing is kept: the records are a fold
// over the calls of an episode, so an episode cannot change another one's table, and the same calls give the same world. Pure.
// Departs from the paper, whose tools are all simulated by a model.
import { draws } from "../rng.ts";
import type { Attribute, Json, JsonObject, Operation, Table, TableRecord, ToolCall } from "../types.ts";
import { own } from "./json.ts";
import { spoken } from "./language/spoken.ts";
import { sameValue } from "./values.ts";

/** What a call gives. A failed one gives {"error": …} and changes nothing. */
export interface Executed {
  readonly result: JsonObject;
  readonly failed: boolean;
}

/** The result of `call` after `calls`, of which those that fail change nothing. */
export function executed(table: Table, calls: readonly ToolCall[], call: ToolCall): Executed {
  const { result, failed } = ran(table, tableAfter(table, calls), call);
  return { result, failed };
}

/** The records after these calls. */
export function tableAfter(table: Table, calls: readonly ToolCall[]): readonly TableRecord[] {
  return calls.reduce<readonly TableRecord[]>((records, call) => ran(table, records, call).records, table.records);
}

/** Whether a tool of this name works on the table. */
export function runsOn(table: Table, tool: string): boolean {
  return Object.hasOwn(table.operations, tool);
}

/**
 * The attributes that the result of an operation has, beside the id and the state, which are in every result. A search shows what
 * tells records apart; the rest takes another call.
 */
export function shownBy(operation: Operation, { attributes }: Pick<Table, "attributes">): readonly Attribute[] {
  return { find: attributes.slice(0, 1), get: attributes, create: [], update: attributes, cancel: [] }[operation];
}

interface Ran extends Executed {
  readonly records: readonly TableRecord[];
}

function ran(table: Table, records: readonly TableRecord[], { name, arguments: given }: ToolCall): Ran {
  const operation = runsOn(table, name) ? table.operations[name] : undefined;
  if (operation === undefined) return { records, result: { error: `no tool '${name}'` }, failed: true };
  const done = operations[operation](table, records, given);
  if (typeof done === "string") return { records, result: { error: done }, failed: true };
  const { record, records: after = records } = done;
  const shown = shownBy(operation, table).map((attribute) => [attribute.name, own(record.values, attribute.name) ?? null]);
  return {
    records: after,
    result: { [table.idName]: record.id, ...Object.fromEntries(shown), state: record.state },
    failed: false,
  };
}

/** The record that a call is about, and all records if it changed them; or why it failed. */
type Done = { readonly record: TableRecord; readonly records?: readonly TableRecord[] } | string;

const operations: Readonly<Record<Operation, (table: Table, records: readonly TableRecord[], given: JsonObject) => Done>> = {
  find(table, records, given) {
    const wanted = valuesIn(table, given);
    if (wanted.length === 0) return `give the ${namesOf(table.attributes, "or")}`;
    const matches = records.filter((record) => wanted.every(([attribute, value]) => has(record, attribute, value)));
    const [record, ...others] = matches;
    const thing = spoken(table.thing);
    if (record === undefined) return `no ${thing} with that ${namesOf(wanted.map(([attribute]) => attribute))}`;
    return others.length === 0 ? { record } : `${matches.length} match: say more of the ${thing}`;
  },
  get: recordOf,
  create(table, records, given) {
    const values = valuesIn(table, given);
    const missing = table.attributes.find(({ name }) => !Object.hasOwn(given, name));
    if (missing !== undefined) return `missing argument '${missing.name}'`;
    const [state = ""] = table.states;
    const record = { id: newId(table, records), values: objectOf(values), state };
    return doubled(table, records, record) ?? { record, records: [...records, record] };
  },
  update(table, records, given) {
    const record = openRecordOf(table, records, given);
    if (typeof record === "string") return record;
    const changes = valuesIn(table, given);
    if (changes.length === 0) return `nothing to change: give the ${namesOf(table.attributes, "or")}`;
    return changed(table, records, { ...record, values: { ...record.values, ...objectOf(changes) } });
  },
  cancel(table, records, given) {
    const record = openRecordOf(table, records, given);
    return typeof record === "string" ? record : changed(table, records, { ...record, state: lastState(table) });
  },
};

function changed(table: Table, records: readonly TableRecord[], record: TableRecord): Done {
  const rest = records.filter(({ id }) => id !== record.id);
  return doubled(table, rest, record) ?? { record, records: records.map((one) => (one.id === record.id ? record : one)) };
}

/** Why the record cannot stand beside these: one of them has its first attribute. Null: it can. */
function doubled(table: Table, records: readonly TableRecord[], { values }: TableRecord): string | null {
  const [first] = table.attributes;
  if (first === undefined) return null;
  const taken = records.some((record) => has(record, first, own(values, first.name) ?? null));
  return taken ? `there is a ${spoken(table.thing)} with that ${spoken(first.name)} already` : null;
}

function recordOf(table: Table, records: readonly TableRecord[], given: JsonObject): { readonly record: TableRecord } | string {
  const id = own(given, table.idName) ?? null;
  const record = records.find((one) => sameValue(one.id, id));
  return record === undefined ? `no such ${table.idName}: ${JSON.stringify(id)}` : { record };
}

/** A record that may still change: one in the last state may not. */
function openRecordOf(table: Table, records: readonly TableRecord[], given: JsonObject): TableRecord | string {
  const found = recordOf(table, records, given);
  if (typeof found === "string") return found;
  const { id, state } = found.record;
  return state === lastState(table) ? `${id} is ${spoken(state)} already` : found.record;
}

function lastState({ states }: Table): string {
  return states.at(-1) ?? "";
}

/** The attributes that the arguments give, in the order of the table. */
function valuesIn({ attributes }: Table, given: JsonObject): (readonly [Attribute, Json])[] {
  return attributes.flatMap((attribute) => {
    const value = own(given, attribute.name);
    return value === undefined ? [] : [[attribute, value] as const];
  });
}

function objectOf(values: readonly (readonly [Attribute, Json])[]): JsonObject {
  return Object.fromEntries(values.map(([{ name }, value]) => [name, value]));
}

function has({ values }: TableRecord, { name, options }: Attribute, value: Json): boolean {
  return sameValue(own(values, name) ?? null, value, options.length > 0 ? { enum: [...options] } : {});
}

function namesOf(attributes: readonly Attribute[], last = "and"): string {
  const names = attributes.map(({ name }) => spoken(name));
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} ${last} ${names.at(-1)}`;
}

/**
 * An id of the form that the table's ids have ("PL-4827"): the first free one of a series that derives from the table's content, so
 * that nobody who has not seen the whole table can tell it. The same for the same table and number of records.
 */
function newId(table: Table, records: readonly TableRecord[]): string {
  const pattern = table.records[0]?.id ?? "";
  for (let attempt = 0; ; attempt++) {
    const random = draws("id", JSON.stringify(table.records), attempt);
    const long = attempt > 100 ? `${pattern}${"0".repeat(8)}` : `${pattern}0000`; // short ids may all be taken
    const id = (/\d/.test(pattern) && attempt <= 100 ? pattern : long).replace(/\d/g, () => String(random.integer(0, 9)));
    if (!records.some((record) => sameValue(record.id, id))) return id;
  }
}
