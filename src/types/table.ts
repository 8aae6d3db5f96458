// What executed tools work on (rules/table.ts).
import type { JsonObject } from "./json.ts";

/** What an attribute of a table holds; it decides the schema of the arguments that name it, and how values are drawn. */
export const attributeKinds = ["name", "date", "time", "count", "amount", "option"] as const;

export type AttributeKind = (typeof attributeKinds)[number];

/** A column of a table. */
export interface Attribute {
  /** snake_case: "move_in_date". */
  readonly name: string;
  readonly kind: AttributeKind;
  /** The values of an option; empty for every other kind. */
  readonly options: readonly string[];
}

/** One row of a table. */
export interface TableRecord {
  readonly id: string;
  /** By attribute. */
  readonly values: JsonObject;
  readonly state: string;
}

/** What a tool does to its table: rules run it, no model is asked (rules/table.ts). */
export type Operation = "find" | "get" | "create" | "update" | "cancel";

/** What executed tools work on. An episode has a copy: no call changes this one. */
export interface Table {
  /** Singular snake_case: "piano_lesson". */
  readonly thing: string;
  /** Name under which calls and results give an id: "piano_lesson_id". */
  readonly idName: string;
  /** The first identifies a record to a person: no two records have the same value. */
  readonly attributes: readonly Attribute[];
  /** A new record is in the first; a cancelled one in the last. At least two. */
  readonly states: readonly string[];
  readonly records: readonly TableRecord[];
  /** What each tool does, by its name. */
  readonly operations: Readonly<Record<string, Operation>>;
}
