// Functions of xLAM's rows (Salesforce/xlam-function-calling-60k) -> functions in OpenAI's format. Their `parameters` are the map of
// parameters alone, with types as Python writes them ("List[int]", "str, optional"). Pure; tool-spec.ts checks the converted functions
// like any other.
import { isObject } from "../rules/json.ts";
import { matchesSchema, schemaFault } from "../rules/validate.ts";
import type { Json, JsonObject, JsonSchema } from "../types.ts";

const types: Readonly<Record<string, string | null>> = {
  ...{ str: "string", string: "string", int: "integer", integer: "integer", float: "number", number: "number" },
  ...{ bool: "boolean", boolean: "boolean", dict: "object", object: "object", list: "array", array: "array" },
  ...{ tuple: "array", set: "array", sequence: "array", any: null },
};

/** Whether an item's `parameters` map names to a type and a description, without a schema around them. */
export function isParameterMap(item: Json): item is JsonObject & { readonly parameters: JsonObject } {
  if (!isObject(item) || typeof item.name !== "string" || !isObject(item.parameters)) return false;
  const all = Object.values(item.parameters);
  return all.length > 0 && all.every((one) => isObject(one) && typeof one.type === "string");
}

/** The function in OpenAI's format. A parameter with a default, or whose type says so, is optional. Unknown types are kept; the check reports them. */
export function fromParameterMap({ parameters, ...others }: JsonObject & { readonly parameters: JsonObject }): JsonObject {
  const named = Object.entries(parameters).flatMap(([name, one]) => (isObject(one) ? [[name, one] as const] : []));
  const required = named.filter(([, one]) => one.default === undefined && !/\boptional\b/i.test(String(one.type)));
  const properties = Object.fromEntries(named.map(([name, one]) => [name, schemaOf(one)]));
  return { ...others, parameters: { type: "object", properties, required: required.map(([name]) => name) } };
}

function schemaOf({ type, default: byDefault, ...others }: JsonObject): JsonSchema {
  const schema = { ...typed(String(type).replace(/,\s*optional\s*$/i, "")), ...others };
  // "" stands for none of any type
  const isGiven = byDefault !== undefined && byDefault !== "";
  // a wrong schema is the check's to report
  const isOne = isGiven && schemaFault(schema) === null && matchesSchema(schema, byDefault).length === 0;
  return isOne ? { ...schema, default: byDefault } : schema;
}

function typed(text: string): JsonSchema {
  const [, outer = "", inner] = /^\s*([A-Za-z]+)\s*(?:\[(.*)\])?\s*$/s.exec(text) ?? [];
  const name = outer.toLowerCase();
  if (name === "optional" && inner !== undefined) return typed(inner);
  if (name === "union" && inner !== undefined) return { anyOf: parted(inner).map(typed) };
  const known = Object.hasOwn(types, name) ? types[name] : text;
  if (known === null) return {};
  const [first] = inner === undefined ? [] : parted(inner);
  return known === "array" && first !== undefined ? { type: known, items: typed(first) } : { type: known ?? text };
}

/** "int, List[str, int]" in its two parts. */
function parted(text: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const character of text) {
    depth += Number(character === "[") - Number(character === "]");
    if (character === "," && depth === 0) parts.push("");
    else parts.push(`${parts.pop()}${character}`);
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}
