// What a schema lists at each place of a value, by `enum` and `const`: value and schema are walked side by side, through every
// branch. References are in their place by then (rules/schema/plain.ts). For whoever must not take a listed value for free text.

import type { Json, JsonSchema } from "../types.ts";
import { isObject } from "./json.ts";

/** The schemas that speak of one place of a value: one, and its branches. */
export type Alternatives = readonly JsonSchema[];

/** The place of a whole value; none where there is no schema at hand. */
export function placeOf(schema: Json | undefined): Alternatives {
  if (!isObject(schema)) return [];
  const branches = [schema.allOf, schema.anyOf, schema.oneOf].flatMap((list) => (Array.isArray(list) ? list : []));
  return [schema, ...branches.flatMap(placeOf)];
}

/** Where a member of an object or an item of a list stands. */
export function within(place: Alternatives, key: string | number): Alternatives {
  return place.flatMap(({ properties, additionalProperties, prefixItems, items }) => {
    if (typeof key === "number") return placeOf((Array.isArray(prefixItems) ? prefixItems[key] : undefined) ?? items);
    return placeOf(isObject(properties) && Object.hasOwn(properties, key) ? properties[key] : additionalProperties);
  });
}

/** Is the value, as it is written, one of those that the schema lists here? */
export function isListed(place: Alternatives, value: Json): boolean {
  return place.some((schema) => (Array.isArray(schema.enum) && schema.enum.includes(value)) || schema.const === value);
}
