// The table of an executed world after some calls. Pure.
// STAND-IN of the rubric's branch: the file of the executed world takes its place.
import type { JsonObject, Table, TableRecord, ToolCall } from "../types.ts";
import { own } from "./json.ts";

/** The records after these calls; those that fail change nothing. */
export function tableAfter(table: Table, calls: readonly ToolCall[]): readonly TableRecord[] {
  return calls.reduce((records, call) => changed(table, records, call), table.records);
}

function changed(table: Table, records: readonly TableRecord[], { name, arguments: given }: ToolCall): readonly TableRecord[] {
  const operation = own(table.operations, name);
  const [first = "", last = ""] = [table.states[0], table.states.at(-1)];
  const { [table.idName]: id, ...values } = given;
  if (operation === "create") return [...records, { id: `NEW-${records.length + 1}`, values: given, state: first }];
  const change = (to: (record: TableRecord) => TableRecord) =>
    records.map((record) => (record.id === id && record.state !== last ? to(record) : record));
  if (operation === "update") return change((record) => ({ ...record, values: { ...record.values, ...(values as JsonObject) } }));
  if (operation === "cancel") return change((record) => ({ ...record, state: last }));
  return records;
}
