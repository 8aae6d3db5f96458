// Which arguments a right call of a tool uses, and the schema that the simulator fills them in under: for both directions of
// writing tasks, and for the trial by which a tool is accepted (playable.ts). Pure.

import type { Draws } from "../rng.ts";
import { isObject } from "../rules/json.ts";
import { alternatives } from "../rules/schema/alternatives.ts";
import type { Json, JsonObject, JsonSchema, ToolSpec } from "../types.ts";

/** Optional parameters are used in this share of cases. */
const optionalShare = 0.3;

export function requiredParameters({ parameters }: Pick<ToolSpec, "parameters">): string[] {
  return Array.isArray(parameters.required) ? parameters.required.map(String) : [];
}

/** Parameters that one call uses: all required ones of one way to call the tool, and some optional ones. */
export function drawArguments(tool: ToolSpec, random: Draws): string[] {
  const ways = alternatives(tool.parameters);
  const parameters = ways.length === 1 ? (ways[0] ?? {}) : random.pick(ways);
  const required = new Set(requiredParameters({ parameters }));
  return Object.keys(propertiesOf(parameters)).filter((name) => required.has(name) || random.uniform() < optionalShare);
}

/** The schema of those arguments, an object that requires them all; without `given`, which nobody needs to write. */
export function argumentsSchema(tool: ToolSpec, used: readonly string[], given: string | null = null): JsonSchema {
  const ways = alternatives(tool.parameters);
  // the way to call it in which these arguments are all known and none is missing
  const way = ways.find((parameters) => {
    const known = propertiesOf(parameters);
    return (
      used.every((name) => Object.hasOwn(known, name)) && requiredParameters({ parameters }).every((name) => used.includes(name))
    );
  });
  const known = Object.entries(propertiesOf(way ?? tool.parameters));
  return object(Object.fromEntries(known.filter(([name]) => used.includes(name) && name !== given)));
}

/** An object schema that requires all its properties. */
export function object(properties: Readonly<Record<string, Json>>): JsonSchema {
  return { type: "object", properties, required: Object.keys(properties) };
}

export function propertiesOf(schema: JsonSchema): JsonObject {
  return isObject(schema.properties) ? schema.properties : {};
}
