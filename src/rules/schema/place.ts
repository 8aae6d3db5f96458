// The position in a schema during conversion, checks of the values there, and the error for what cannot be converted.
import { PlayactError } from "../../errors.ts";
import type { Json, JsonSchema } from "../../types.ts";
import { isObject } from "../json.ts";

export interface SchemaPlace {
  /** For messages, e.g. "passengers[].name"; empty at the top. */
  readonly where: string;
  readonly depth: number;
  /** How often it may be repeated: the product of the lengths of the lists and maps around it. */
  readonly repeated: number;
}

export function wholeNumber(place: SchemaPlace, value: Json | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw refuse(place, `has the length ${JSON.stringify(value)}, which is not an integer of at least 0`);
}

export function bound(place: SchemaPlace, value: Json | undefined): number | null {
  if (value === undefined) return null;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw refuse(place, `has the bound ${JSON.stringify(value)}, which is not a number`);
}

export function inside(place: SchemaPlace, step: string): SchemaPlace {
  return { ...place, where: `${place.where}${step}`.replace(/^\./, ""), depth: place.depth + 1 };
}

export function repeated(place: SchemaPlace, step: string, times: number): SchemaPlace {
  return { ...inside(place, step), repeated: place.repeated * Math.max(1, times) };
}

export function asSchema(place: SchemaPlace, value: Json): JsonSchema {
  if (isObject(value)) return value;
  // `true` allows anything
  if (value === true) return {};
  throw refuse(place, `holds ${JSON.stringify(value)} where a schema is expected`);
}

export function list(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [value];
}

export function refuse(place: SchemaPlace, what: string): PlayactError {
  return new PlayactError("tools", `${place.where === "" ? "the schema" : `'${place.where}'`} ${what}.`);
}
