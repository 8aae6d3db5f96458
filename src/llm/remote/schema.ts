// A schema as it is sent to a server. Servers read JSON Schema in their own ways, and most take a property that is not required
// for one that may be left out: so the schema says in full what the grammar of a model in process says (rules/schema/grammar.ts).
import { isObject } from "../../rules/json.ts";
import { defaultBounds } from "../../rules/schema/grammar.ts";
import type { Json, JsonSchema } from "../../types.ts";

/** Every property is required and no other allowed; what has no bound gets the grammar's; `x-omit` leaves a property out. */
export function sentSchema(schema: JsonSchema): JsonSchema {
  return sent(schema, true);
}

/** @param closed false within allOf, whose parts each know only some of the properties */
function sent(schema: JsonSchema, closed: boolean): JsonSchema {
  const { nullable, ...rest } = schema;
  const whole: JsonSchema = {
    ...bounded(rest),
    ...each(rest, ["anyOf", "oneOf", "prefixItems"], (part) => below(part, closed)),
    ...each(rest, ["allOf"], (part) => below(part, false)),
    ...(rest.items === undefined ? {} : { items: below(rest.items, true) }),
    ...(isObject(rest.additionalProperties) ? { additionalProperties: below(rest.additionalProperties, true) } : {}),
    ...(isObject(rest.properties) ? properties(rest.properties, closed) : {}),
  };
  return nullable === true ? { anyOf: [whole, { type: "null" }] } : whole;
}

function below(part: Json, closed: boolean): Json {
  return isObject(part) ? sent(part, closed) : part;
}

function each(schema: JsonSchema, keywords: readonly string[], change: (part: Json) => Json): JsonSchema {
  return Object.fromEntries(
    keywords.flatMap((keyword) => {
      const parts = schema[keyword];
      return Array.isArray(parts) ? [[keyword, parts.map(change)]] : [];
    }),
  );
}

function properties(all: JsonSchema, closed: boolean): JsonSchema {
  const kept = Object.entries(all).filter(([, own]) => !(isObject(own) && own["x-omit"] === true));
  return {
    properties: Object.fromEntries(kept.map(([name, own]) => [name, below(own, true)])),
    required: kept.map(([name]) => name),
    ...(closed ? { additionalProperties: false } : {}),
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
