// A schema as it is sent to a server. Servers read JSON Schema in their own ways, and most take a property that is not required
// for one that may be left out: so the schema says in full what the grammar of a model in process says (rules/schema/grammar.ts).
import { isObject } from "../../rules/json.ts";
import { alternatives } from "../../rules/schema/alternatives.ts";
import { defaultBounds, isMap } from "../../rules/schema/grammar.ts";
import type { Json, JsonSchema } from "../../types.ts";

/**
 * Every property is required and no other allowed; what has no bound gets the grammar's; `x-omit` leaves a property out. Unions are
 * written out, as the grammar does: keywords beside one would contradict its closed branches.
 * @throws RangeError as alternatives does
 */
export function sentSchema(schema: JsonSchema): JsonSchema {
  const { nullable, ...rest } = schema;
  const found = alternatives(rest).flatMap(ofOneType);
  const ways = found.map(found.length === 1 ? sent : sentSchema); // a branch may be nullable
  const [only = {}] = ways;
  const all = nullable === true ? [...ways, { type: "null" }] : ways;
  return all.length === 1 ? only : { anyOf: all };
}

/** A list of types as alternatives, each with the bounds of its type. */
function ofOneType(schema: JsonSchema): readonly JsonSchema[] {
  if (!Array.isArray(schema.type) || schema.enum !== undefined || schema.const !== undefined) return [schema];
  return schema.type.map((type: Json) => ({ ...schema, type }));
}

/** A schema without unions of its own. */
function sent(schema: JsonSchema): JsonSchema {
  const { items, prefixItems, additionalProperties } = schema;
  return {
    ...bounded(schema),
    ...(items === undefined ? {} : { items: below(items) }),
    ...(Array.isArray(prefixItems) ? { prefixItems: prefixItems.map(below) } : {}),
    ...(isObject(additionalProperties) ? { additionalProperties: below(additionalProperties) } : {}),
    ...(isObject(schema.properties) && !isMap(schema) ? properties(schema.properties) : {}),
  };
}

function below(part: Json): Json {
  return isObject(part) ? sentSchema(part) : part;
}

function properties(all: JsonSchema): JsonSchema {
  const kept = Object.entries(all).filter(([, own]) => !(isObject(own) && own["x-omit"] === true));
  return {
    properties: Object.fromEntries(kept.map(([name, own]) => [name, below(own)])),
    required: kept.map(([name]) => name),
    additionalProperties: false,
  };
}

/** A text or a list without a bound is written without end by a small model. */
function bounded(schema: JsonSchema): JsonSchema {
  const fixed = schema.enum !== undefined || schema.const !== undefined;
  const formed = schema.pattern !== undefined || schema.format !== undefined;
  if (schema.type === "string" && !fixed && !formed && schema.maxLength === undefined)
    return { ...schema, maxLength: Math.max(defaultBounds.characters, Number(schema.minLength ?? 0)) };
  if (schema.type === "array" && !fixed && schema.maxItems === undefined && schema.prefixItems === undefined)
    return { ...schema, maxItems: Math.max(defaultBounds.items, Number(schema.minItems ?? 0)) };
  return schema;
}
