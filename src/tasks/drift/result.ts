// A result of a tool by its `returns`, drawn by rule: what a decoy gives, so that no model need be asked. Ids are as their schema's
// description has them ("BK and 4 digits"), free texts are names that fit anything. Pure.
import type { Draws } from "../../rng.ts";
import { isObject, own, propertiesOf } from "../../rules/json.ts";
import { ruleOf } from "../../rules/schema/grammar.ts";
import { drawn } from "../../rules/schema/rule.ts";
import { matchesSchema } from "../../rules/validate.ts";
import type { Json, JsonObject, JsonSchema } from "../../types.ts";

const words = ["Aurora", "Linden", "Harbour", "Juniper", "Maple", "Meridian", "Sterling", "Willow"] as const;
const two = (number: number) => String(number).padStart(2, "0");

/** A valid result that repeats what the call says where a field has an argument's name; null if the draws found none. */
export function drawnResult(returns: JsonSchema, given: JsonObject, random: Draws): JsonObject | null {
  if (!isObject(returns.properties)) return null;
  const fields = Object.entries(returns.properties).map(([name, schema]) => {
    const said = own(given, name);
    return [name, said !== undefined && isValid(schema, said) ? said : drawnValue(schema, random)] as const;
  });
  const result: JsonObject = Object.fromEntries(fields);
  return matchesSchema(returns, result).length === 0 ? result : null;
}

function isValid(schema: Json, value: Json): boolean {
  return isObject(schema) && matchesSchema(schema, value).length === 0;
}

/** The plainest value of a schema; of one that knows more than this file, any that its grammar allows. */
function drawnValue(schema: Json, random: Draws): Json {
  const value = plainValue(schema, random);
  if (isValid(schema, value) || !isObject(schema)) return value;
  return JSON.parse(drawn(ruleOf(schema), random)) as Json; // the rule of a schema draws JSON
}

function plainValue(schema: Json, random: Draws): Json {
  if (!isObject(schema)) return null;
  if (Array.isArray(schema.enum)) return random.pick(schema.enum as readonly Json[]); // JSON in a schema
  const [least, most] = [numberOf(schema.minimum, 1), numberOf(schema.maximum, 99)];
  switch (schema.type) {
    case "boolean":
      return random.uniform() < 0.5;
    case "integer":
    case "number":
      return random.integer(Math.ceil(least), Math.max(Math.ceil(least), Math.floor(most)));
    case "array":
      return Array.from({ length: numberOf(schema.minItems, 1) }, () => drawnValue(schema.items ?? {}, random));
    case "object":
      return Object.fromEntries(Object.entries(propertiesOf(schema)).map(([name, part]) => [name, drawnValue(part, random)]));
    case "string":
      return textOf(schema, random);
    default:
      return null;
  }
}

function textOf({ format, description, maxLength }: JsonSchema, random: Draws): string {
  if (format === "date") return `2027-${two(random.integer(2, 9))}-${two(random.integer(1, 28))}`;
  const [, stem, digits] = /\b([A-Z]{1,4}) and (\d) digits/.exec(String(description)) ?? [];
  if (stem !== undefined) return `${stem}${Array.from({ length: Number(digits) }, () => random.integer(0, 9)).join("")}`;
  return random.pick(words).slice(0, numberOf(maxLength, 40));
}

function numberOf(value: Json | undefined, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
