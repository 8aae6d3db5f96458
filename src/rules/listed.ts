// The values that a schema lists by `enum` and `const` for each part of a value: value and schema are walked in parallel,
// through every branch. References are already resolved (rules/schema/plain.ts). Used where a listed value is not free text.

import type { Json, JsonSchema } from "../types.ts";
import { isObject } from "./json.ts";

/** The schemas that apply to one part of a value: a schema and its branches. */
export type Branches = readonly JsonSchema[];

/** The schemas for a whole value; empty if there is no schema. */
export function branchesOf(schema: Json | undefined): Branches {
  if (!isObject(schema)) return [];
  const branches = [schema.allOf, schema.anyOf, schema.oneOf].flatMap((list) => (Array.isArray(list) ? list : []));
  return [schema, ...branches.flatMap(branchesOf)];
}

/** The schemas for a member of an object or an item of a list. */
export function within(place: Branches, key: string | number): Branches {
  return place.flatMap(({ properties, additionalProperties, prefixItems, items }) => {
    if (typeof key === "number") return branchesOf((Array.isArray(prefixItems) ? prefixItems[key] : undefined) ?? items);
    return branchesOf(isObject(properties) && Object.hasOwn(properties, key) ? properties[key] : additionalProperties);
  });
}

/** True if the schema lists exactly this value here. */
export function isListed(place: Branches, value: Json): boolean {
  return place.some((schema) => (Array.isArray(schema.enum) && schema.enum.includes(value)) || schema.const === value);
}

/**
 * The values that a place chooses from, in every spelling of a choice: `enum` and `const` of the schema and its branches, true and
 * false where one is a yes or no. Each once; not null, which chooses none of them. Empty where every branch is free.
 */
export function listedIn(schema: Json | undefined): readonly Json[] {
  return [...new Set(branchesOf(schema).flatMap(ownList))].filter((value) => value !== null);
}

/** The values that a schema itself lists, without its branches. */
export function ownList({ const: only, enum: options, type }: JsonSchema): readonly Json[] {
  if (only !== undefined) return [only];
  if (Array.isArray(options)) return options;
  return type === "boolean" || (Array.isArray(type) && type.includes("boolean")) ? [true, false] : [];
}

/** True if a schema leaves no choice: it names one value. */
export function isFixed(schema: Json | undefined): boolean {
  return isObject(schema) && (schema.const !== undefined || (Array.isArray(schema.enum) && schema.enum.length === 1));
}
