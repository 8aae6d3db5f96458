// BFCL's function docs (Berkeley Function-Calling Leaderboard) -> functions in OpenAI's format. Its types are Python's,
// Java's and JavaScript's ("dict", "float", "tuple", "HashMap"), and the result stands under `response`. Pure; what is
// translated is checked by tool-spec.ts like any other function.
import { isObject } from "../rules/json.ts";
import type { Json, JsonObject } from "../types.ts";

/** Every type that BFCL v4 uses, lower case, and what JSON Schema calls it; null: anything. */
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
/** Names that both sides use. */
const shared = ["object", "array", "string", "integer", "number", "boolean", "null"];

/** A function doc says "dict" where JSON Schema says "object", or carries a `response`. */
export function isFunctionDoc(item: unknown): item is JsonObject {
  if (!isObject(item) || typeof item.name !== "string" || !isObject(item.parameters)) return false;
  return item.parameters.type === "dict" || isObject(item.response);
}

/** The function in OpenAI's format, `response` as `returns`. Types that nobody knows are left for the check to name. */
export function fromFunctionDoc(doc: JsonObject): JsonObject {
  const { name, description, parameters, response } = doc;
  const returns = isObject(response) ? { returns: translated(response) } : {};
  return { name, description, parameters: isObject(parameters) ? translated(parameters) : parameters, ...returns } as JsonObject;
}

function translated(schema: JsonObject): JsonObject {
  // `optional` repeats what is not in `required`; a default is BFCL's own note and often of another type
  const { type, properties, items, additionalProperties, required, optional: _, default: __, enum: options, ...others } = schema;
  const said = typeof type === "string" ? type.toLowerCase() : type;
  const known = typeof said === "string" && Object.hasOwn(types, said) ? types[said] : undefined;
  const plain = known === undefined ? (shared.includes(String(said)) ? said : type) : known;
  const inner = (value: Json) => (isObject(value) ? translated(value) : value);
  const members = isObject(properties) ? properties : {};
  // some name what only a description speaks of
  const listed = Array.isArray(required) ? required.filter((name: Json) => Object.hasOwn(members, String(name))) : [];
  const item = Array.isArray(items) ? anyOf(items.map(inner)) : items === undefined ? undefined : inner(items);
  const spelt = Array.isArray(options) ? ofType(options, plain) : [];
  return {
    ...(plain === null || plain === undefined ? {} : { type: plain }),
    ...others,
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

/** Options as values of the type: BFCL spells numbers and truths as text, and adds "dontcare". A list's are its items'. */
function ofType(options: readonly Json[], type: Json | undefined): Json[] {
  if (type === "integer" || type === "number") return options.map(Number).filter(Number.isFinite);
  if (type === "boolean") return []; // true and false, whatever it lists
  return type === "string" ? options.map(String) : [...options];
}

/** Of a tuple each place has a schema; here every place may hold any of them. */
function anyOf(schemas: readonly Json[]): JsonObject {
  return { anyOf: schemas.filter((schema, index) => schemas.findIndex((other) => sameJson(schema, other)) === index) };
}

function sameJson(one: Json, other: Json): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
