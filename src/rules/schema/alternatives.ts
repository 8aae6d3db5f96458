// Expands `allOf`, `anyOf` and `oneOf` into schemas without them, one per alternative: keywords beside a union apply to each of
// its branches, parts of `allOf` apply together. For writing values; validation reads the schema itself.

import type { Json, JsonSchema } from "../../types.ts";
import { isObject, propertiesOf } from "../json.ts";

/** Most alternatives of one schema: nested unions multiply. */
const most = 32;

/**
 * One schema per alternative, the first branches first. An object's branch omits the properties that only other branches
 * name, so that at most one branch of `oneOf` matches.
 * @throws RangeError for more than 32 alternatives
 */
export function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const { allOf, anyOf, oneOf, ...own } = schema;
  let found: readonly JsonSchema[] = [own];
  const bounded = (ways: readonly JsonSchema[]) => {
    if (ways.length > most) throw new RangeError(`its unions can be combined in more than ${most} ways`);
    return ways;
  };
  for (const part of schemasIn(allOf)) {
    const ways = alternatives(part);
    found = bounded(found.flatMap((one) => ways.map((way) => merged(one, way))));
  }
  for (const union of [anyOf, oneOf]) {
    const branches = schemasIn(union);
    if (branches.length === 0) continue;
    found = bounded(
      found.flatMap((one) =>
        branches.flatMap((branch) => {
          const others = branches.filter((other) => other !== branch).flatMap(named);
          const foreign = others.filter((name) => !named(branch).includes(name) && !required(one).includes(name));
          return alternatives(branch).map((way) => without(merged(one, way), foreign));
        }),
      ),
    );
  }
  return found;
}

function schemasIn(list: Json | undefined): JsonSchema[] {
  return Array.isArray(list) ? list.map((part: Json) => (isObject(part) ? part : {})) : [];
}

function required(schema: JsonSchema): string[] {
  return Array.isArray(schema.required) ? schema.required.map(String) : [];
}

function named(schema: JsonSchema): string[] {
  return [...Object.keys(propertiesOf(schema)), ...required(schema)];
}

function without(schema: JsonSchema, names: readonly string[]): JsonSchema {
  if (names.length === 0 || schema.properties === undefined) return schema;
  const kept = Object.entries(propertiesOf(schema)).filter(([name]) => !names.includes(name));
  return { ...schema, properties: Object.fromEntries(kept) };
}

/** Both schemas combined; for titles and descriptions the second's. */
export function merged(one: JsonSchema, other: JsonSchema): JsonSchema {
  const both = { ...one, ...other } as Record<string, Json>; // the keywords of two schemas
  for (const [keyword, join] of Object.entries(joins)) {
    const [a, b] = [one[keyword], other[keyword]];
    if (a !== undefined && b !== undefined) both[keyword] = a === null ? b : b === null ? a : join(a, b); // null: a placeholder
  }
  return both;
}

const greater = (a: Json, b: Json): Json => Math.max(Number(a), Number(b));
const smaller = (a: Json, b: Json): Json => Math.min(Number(a), Number(b));
const shared = (a: Json, b: Json): Json => {
  const texts = new Set(listed(b).map((value) => JSON.stringify(value)));
  return listed(a).filter((value) => texts.has(JSON.stringify(value)));
};
const inBoth = (a: Json, b: Json): Json => (isObject(a) && isObject(b) ? merged(a, b) : isObject(a) ? a : b);

/** How two values of one keyword combine into one that requires both. */
const joins: Readonly<Record<string, (a: Json, b: Json) => Json>> = {
  type: (a, b) => {
    // integer is a subset of number
    const [first, second] = [listed(a), listed(b)];
    const types = first.flatMap((type) =>
      second.includes(type)
        ? [type]
        : type === "number" && second.includes("integer")
          ? ["integer"]
          : type === "integer" && second.includes("number")
            ? ["integer"]
            : [],
    );
    return types.length === 1 ? (types[0] ?? []) : types;
  },
  enum: shared,
  required: (a, b) => [...new Set([...listed(a), ...listed(b)])],
  properties: (a, b) => {
    const [first, second] = [isObject(a) ? a : {}, isObject(b) ? b : {}];
    const joined = Object.entries(second).map(([name, schema]): [string, Json] => {
      const earlier = Object.hasOwn(first, name) ? first[name] : undefined;
      return [name, earlier === undefined ? schema : inBoth(earlier, schema)];
    });
    return Object.fromEntries([...Object.entries(first), ...joined]);
  },
  items: inBoth,
  additionalProperties: (a, b) => (a === false || b === false ? false : inBoth(a, b)),
  minimum: greater,
  exclusiveMinimum: greater,
  minLength: greater,
  minItems: greater,
  minProperties: greater,
  maximum: smaller,
  exclusiveMaximum: smaller,
  maxLength: smaller,
  maxItems: smaller,
  maxProperties: smaller,
};

function listed(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [value];
}
