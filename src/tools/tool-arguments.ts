// Which arguments a right call of a tool uses, and the schema under which the simulator fills them in: used in both directions
// of task writing, and when a tool is tried out (playable.ts). Pure.

import type { Draws } from "../rng.ts";
import { isObject, propertiesOf } from "../rules/json.ts";
import { listedIn, ownList } from "../rules/listed.ts";
import { alternatives } from "../rules/schema/alternatives.ts";
import type { Json, JsonSchema, ToolSpec } from "../types.ts";

/** Share of calls in which an optional parameter is used. */
const optionalShare = 0.4;

export function requiredParameters({ parameters }: Pick<ToolSpec, "parameters">): string[] {
  return Array.isArray(parameters.required) ? parameters.required.map(String) : [];
}

/** Parameters that one call uses: all required ones of one alternative of the schema, and some optional ones. */
export function drawArguments(tool: ToolSpec, random: Draws): string[] {
  const ways = alternatives(tool.parameters);
  const parameters = ways.length === 1 ? (ways[0] ?? {}) : random.pick(ways);
  const required = new Set(requiredParameters({ parameters }));
  return Object.keys(propertiesOf(parameters)).filter((name) => required.has(name) || random.uniform() < optionalShare);
}

/**
 * The schema of those arguments, an object that requires them all; without those of `given`, whose values are already known. An optional
 * choice differs from its default, so that saying it matters.
 */
export function argumentsSchema(tool: ToolSpec, used: readonly string[], given: readonly string[] = []): JsonSchema {
  const ways = alternatives(tool.parameters);
  // the alternative that knows all these arguments and requires no other
  const way = ways.find((parameters) => {
    const known = propertiesOf(parameters);
    return (
      used.every((name) => Object.hasOwn(known, name)) && requiredParameters({ parameters }).every((name) => used.includes(name))
    );
  });
  const known = Object.entries(propertiesOf(way ?? tool.parameters));
  const required = requiredParameters({ parameters: way ?? tool.parameters });
  return object(
    Object.fromEntries(
      known
        .filter(([name]) => used.includes(name) && !given.includes(name))
        .map(([name, schema]) => [name, required.includes(name) ? schema : otherThanDefault(schema)]),
    ),
  );
}

/**
 * The schema without its default, where that leaves a choice: of a yes or no the other one, of a list of options the others. Without
 * null too, which is as good as left out.
 */
function otherThanDefault(schema: Json): Json {
  if (!isObject(schema) || schema.default === undefined || listedIn(schema).length === 0) return schema;
  return without([schema.default, null], schema) ?? schema;
}

/** The schema without values that it or a branch lists; null where that leaves none. */
function without(values: readonly Json[], schema: Json): Json | null {
  if (!isObject(schema)) return schema;
  const { nullable: _, ...others } = schema;
  const options = schema.type === "null" ? [null] : ownList(schema);
  const left = options.filter((option) => !values.includes(option));
  if (options.length > 0 && left.length === 0) return null;
  const narrowed: Record<string, Json> = {
    ...others,
    ...(schema.const === undefined && options.length > 0 ? { enum: left } : {}),
  };
  for (const keyword of ["anyOf", "oneOf", "allOf"]) {
    const branches = schema[keyword];
    if (!Array.isArray(branches)) continue;
    const kept = branches.map((branch: Json) => without(values, branch)).filter((branch) => branch !== null);
    if (kept.length === 0 || (keyword === "allOf" && kept.length < branches.length)) return null;
    narrowed[keyword] = kept;
  }
  return narrowed;
}

/** The schema of a text of so many characters. */
export const text = (minLength: number, maxLength: number): JsonSchema => ({ type: "string", minLength, maxLength });

/** An object schema that requires all its properties. */
export function object(properties: Readonly<Record<string, Json>>): JsonSchema {
  return { type: "object", properties, required: Object.keys(properties) };
}
