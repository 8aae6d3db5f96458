// The values that a schema lists by `enum` and `const` for each part of a value: value and schema are walked in parallel,
// through every branch. References are already resolved (rules/schema/plain.ts). Used where a listed value is not free text.

import type { Json, JsonSchema } from "../types.ts";
import { isObject } from "./json.ts";

/** The schemas that apply to one part of a value: a schema and its branches. */
export type Alternatives = readonly JsonSchema[];

/** The schemas for a whole value; empty if there is no schema. */
export function placeOf(schema: Json | undefined): Alternatives {
  if (!isObject(schema)) return [];
  const branches = [schema.allOf, schema.anyOf, schema.oneOf].flatMap((list) => (Array.isArray(list) ? list : []));
  return [schema, ...branches.flatMap(placeOf)];
}

/** The schemas for a member of an object or an item of a list. */
export function within(place: Alternatives, key: string | number): Alternatives {
  return place.flatMap(({ properties, additionalProperties, prefixItems, items }) => {
    if (typeof key === "number") return placeOf((Array.isArray(prefixItems) ? prefixItems[key] : undefined) ?? items);
    return placeOf(isObject(properties) && Object.hasOwn(properties, key) ? properties[key] : additionalProperties);
  });
}

/** True if the schema lists exactly this value here. */
export function isListed(place: Alternatives, value: Json): boolean {
  return place.some((schema) => (Array.isArray(schema.enum) && schema.enum.includes(value)) || schema.const === value);
}

/** True if a schema leaves no choice: it names one value. */
export function isFixed(schema: Json | undefined): boolean {
  return isObject(schema) && (schema.const !== undefined || (Array.isArray(schema.enum) && schema.enum.length === 1));
}
