// BFCL's function docs (Berkeley Function-Calling Leaderboard) -> functions in OpenAI's format. BFCL uses type names of Python,
// Java and JavaScript ("dict", "float", "tuple", "HashMap") and puts the result's schema under `response`. Pure; tool-spec.ts
// checks the converted functions like any other.
import { isObject } from "../rules/json.ts";
import type { Json, JsonObject } from "../types.ts";
import { parameterKeys, resultKeys } from "./tool-spec.ts";

/** Every type in BFCL v4, in lower case, and its JSON Schema type; null: any type. */
const types: Readonly<Record<string, string | null>> = {
  dict: "object",
  hashmap: "object",
  float: "number",
  double: "number",
  long: "integer",
  tuple: "array",
  arraylist: "array",
  char: "string",
  any: null,
  "": null,
};
/** Type names that both formats use. */
const shared = ["object", "array", "string", "integer", "number", "boolean", "null"];

/** Whether an item is a function doc: its parameters have type "dict", or it has a `response`. */
export function isFunctionDoc(item: unknown): item is JsonObject {
  if (!isObject(item) || typeof item.name !== "string") return false;
  return isObject(item.response) || (isObject(item.parameters) && item.parameters.type === "dict");
}

/**
 * The function in OpenAI's format, with `response` as `returns` where no key of other formats has the result's schema. Unknown types
 * are kept; the check reports them.
 */
export function fromFunctionDoc(doc: JsonObject): JsonObject {
  const { name, description, parameters, response } = doc;
  // Google's declarations have a `response` too, and defaults that mean what they say
  const isBfcl = isObject(parameters) && parameters.type === "dict";
  const inner = (value: Json | undefined) => (isObject(value) ? translated(value, isBfcl) : value);
  const given = (keys: readonly string[]) => Object.entries(doc).filter(([key, value]) => keys.includes(key) && value !== null);
  const results = given(resultKeys);
  const returns = results.length === 0 && isObject(response) ? [["returns", response] as const] : results;
  return {
    ...Object.fromEntries(given(parameterKeys)),
    ...{ name, description, parameters: inner(parameters) },
    ...Object.fromEntries(returns.map(([key, value]) => [key, inner(value)])),
  } as JsonObject; // what is undefined is checked as what is missing
}

/** @param isBfcl `default` is a note then, often of another type, and left out */
function translated(schema: JsonObject, isBfcl: boolean): JsonObject {
  // `optional` repeats what `required` leaves out
  const {
    type,
    properties,
    items,
    additionalProperties,
    required,
    optional: _,
    default: noted,
    enum: options,
    ...others
  } = schema;
  const said = typeof type === "string" ? type.toLowerCase() : type;
  const known = typeof said === "string" && Object.hasOwn(types, said) ? types[said] : undefined;
  const plain = known === undefined ? (shared.includes(String(said)) ? said : type) : known;
  const inner = (value: Json) => (isObject(value) ? translated(value, isBfcl) : value);
  const members = isObject(properties) ? properties : {};
  // some docs require a parameter that only a description mentions
  const listed = Array.isArray(required) ? required.filter((name: Json) => Object.hasOwn(members, String(name))) : [];
  const item = Array.isArray(items) ? anyOf(items.map(inner)) : items === undefined ? undefined : inner(items);
  const spelt = Array.isArray(options) ? ofType(options, plain) : [];
  return {
    ...(plain === null || plain === undefined ? {} : { type: plain }),
    ...others,
    ...(isBfcl || noted === undefined ? {} : { default: noted }),
    ...(listed.length === 0 ? {} : { required: listed }),
    ...(isObject(properties)
      ? { properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, inner(value)])) }
      : {}),
    ...(item === undefined
      ? {}
      : { items: isObject(item) && plain === "array" && spelt.length > 0 ? { ...item, enum: spelt } : item }),
    ...(plain === "array" || spelt.length === 0 ? {} : { enum: spelt }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: inner(additionalProperties) }),
  };
}

/** Enum values in the schema's type: BFCL writes numbers and booleans as text, and adds "dontcare". */
function ofType(options: readonly Json[], type: Json | undefined): Json[] {
  if (type === "integer" || type === "number") return options.map(Number).filter(Number.isFinite);
  if (type === "boolean") return []; // always true and false
  return type === "string" ? options.map(String) : [...options];
}

/** A tuple has one schema per position; here each position accepts any of them. */
function anyOf(schemas: readonly Json[]): JsonObject {
  return { anyOf: schemas.filter((schema, index) => schemas.findIndex((other) => sameJson(schema, other)) === index) };
}

function sameJson(one: Json, other: Json): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
