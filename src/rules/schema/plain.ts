// Any tool's schema in the form that Playact uses: one draft of JSON Schema, local references resolved, null placeholders
// removed. The only place that knows the variants found in tool files. Whether values can be written under a schema is tried
// by tools/playable.ts.

import type { Json, JsonObject, JsonSchema } from "../../types.ts";
import { isObject } from "../json.ts";
import { merged } from "./alternatives.ts";

/** Deepest nesting of schemas; the grammar's own limit is slightly higher. */
const maxDepth = 10;
/** Most subschemas, with references resolved: a few nested references could otherwise expand to millions. */
const maxParts = 1000;

/** Keywords whose value is a schema, a list of schemas, or a map of schemas. */
const single = [
  "items",
  "additionalProperties",
  "propertyNames",
  "not",
  "if",
  "then",
  "else",
  "contains",
  "unevaluatedProperties",
  "unevaluatedItems",
];
const listed = ["anyOf", "oneOf", "allOf", "prefixItems"];
const byName = ["properties", "patternProperties", "dependentSchemas"];
/** Keywords whose value is data, not a schema: a null in them is a value. */
const values = ["const", "enum", "default", "example", "examples"];
const bounds = [
  ...["minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern", "format"],
  ...["minItems", "maxItems", "uniqueItems", "minContains", "maxContains", "minProperties", "maxProperties"],
];
const read = ["title", "description", "deprecated", "readOnly", "writeOnly", "contentEncoding", "contentMediaType"];
const keywords = new Set([
  ...["type", "nullable", "required", "dependentRequired"],
  ...[single, listed, byName, values, bounds, read].flat(),
]);
/** For the whole document, its author, or another reader of it (OpenAPI, XML, forms, Google's order): they say nothing of a value. */
const dropped = new Set([
  ...["$schema", "$id", "id", "$defs", "definitions", "$comment", "$vocabulary", "$anchor", "$dynamicAnchor"],
  ...["discriminator", "xml", "externalDocs", "enumNames", "enumDescriptions", "markdownDescription", "propertyOrdering"],
  "contentSchema",
]);

/** Why a schema cannot be read, as "the keyword … at …". */
export class UnreadableSchema extends Error {}

/**
 * The schema in draft 2020-12, without references: what stands beside a reference holds too, and says what it is about.
 * @throws UnreadableSchema for unknown keywords, unresolvable or circular references, and for too large a schema
 */
export function plainSchema(schema: JsonSchema): JsonSchema {
  const parts = { left: maxParts };

  const plain = (own: JsonSchema, where: string, depth: number, references: readonly string[]): JsonSchema => {
    if (parts.left-- <= 0) throw new UnreadableSchema(`more than ${maxParts} parts`);
    if (depth > maxDepth) throw new UnreadableSchema(`more than ${maxDepth} levels at ${where}`);
    if (typeof own.$ref === "string") {
      const { $ref, ...beside } = own;
      if (references.includes($ref)) throw new UnreadableSchema(`a reference that contains itself ("${$ref}") at ${where}`);
      const target = targetOf(schema, $ref);
      if (target === null)
        throw new UnreadableSchema(`the reference "${$ref}", which does not lead to a schema of the same tool, at ${where}`);
      return plain(merged(withoutPlaceholders(target), withoutPlaceholders(beside)), where, depth, [...references, $ref]);
    }
    const inner = (child: Json, name: string, levels = 1): Json => {
      if (isObject(child)) return plain(child, name, depth + levels, references);
      return child === true ? {} : child;
    };
    const pairs = Object.entries(own).flatMap(([keyword, value]): [string, Json][] => {
      if (dropped.has(keyword) || isPlaceholder(keyword, value)) return [];
      if (keyword === "default" && value === null && !allowsNull(own)) return []; // a placeholder, not a default
      if (keyword === "additionalItems")
        // before 2020-12: of a list whose first items are described one by one
        return Array.isArray(own.items) ? [["items", isObject(value) ? inner(value, '"items"') : value]] : [];
      if (keyword === "dependencies" && isObject(value)) return dependenciesOf(value, inner);
      if (!keywords.has(keyword) && !keyword.startsWith("x-")) throw new UnreadableSchema(`the keyword "${keyword}" at ${where}`);
      const number = values.includes(keyword) ? rounded(value) : undefined;
      if (number !== undefined)
        throw new UnreadableSchema(`the number ${number} at ${where}, which is too large to be exact (write it as text)`);
      if (byName.includes(keyword) && isObject(value)) {
        const members = Object.entries(value).filter(([, child]) => child !== null);
        return [[keyword, Object.fromEntries(members.map(([name, child]) => [name, inner(child, `"${name}"`)]))]];
      }
      if (listed.includes(keyword) && Array.isArray(value))
        return [[keyword, value.map((child: Json) => inner(child, `"${keyword}"`, keyword === "prefixItems" ? 1 : 0))]]; // a branch is no level
      if (keyword === "items" && Array.isArray(value))
        return [["prefixItems", value.map((child: Json) => inner(child, '"items"'))]]; // before 2020-12
      if (keyword === "type") return [["type", typeOf(value)]];
      return [[keyword, single.includes(keyword) && value !== false ? inner(value, `"${keyword}"`) : value]];
    });
    return withNull(withNumericBounds(Object.fromEntries(pairs)));
  };

  return plain(schema, "the top", 0, []);
}

/** Data sets fill every keyword; null means that it is absent. */
function isPlaceholder(keyword: string, value: Json): boolean {
  return value === null && !["const", "default"].includes(keyword);
}

function withoutPlaceholders(schema: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([keyword, value]) => !isPlaceholder(keyword, value)));
}

/** Before 2019-09 one keyword for names that need others and for schemas that then apply. */
function dependenciesOf(value: JsonObject, inner: (child: Json, name: string) => Json): [string, Json][] {
  const members = Object.entries(value);
  const names = Object.fromEntries(members.filter(([, needed]) => Array.isArray(needed)));
  const schemas = Object.fromEntries(
    members.flatMap(([name, child]) => (isObject(child) ? [[name, inner(child, `"${name}"`)]] : [])),
  );
  return [
    ["dependentRequired", names],
    ["dependentSchemas", schemas],
  ].filter(([, one]) => Object.keys(one as JsonObject).length > 0) as [string, Json][];
}

/** An integer beyond 2^53, whose last digits were lost when the file was read. */
function rounded(value: Json): number | undefined {
  if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value) ? value : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  return Object.values(value)
    .map(rounded)
    .find((number) => number !== undefined);
}

/** JSON Schema's type names are in lower case; Google's are not. */
function typeOf(type: Json): Json {
  return Array.isArray(type) ? type.map(typeOf) : typeof type === "string" ? type.toLowerCase() : type;
}

/** In draft 4 exclusiveMinimum and exclusiveMaximum are booleans beside the bound. */
function withNumericBounds(schema: JsonObject): JsonObject {
  const { exclusiveMinimum, exclusiveMaximum, minimum, maximum, ...others } = schema;
  const bound = (exclusive: Json | undefined, limit: Json | undefined, names: readonly [string, string]): JsonObject => {
    if (exclusive === true) return limit === undefined ? {} : { [names[1]]: limit };
    return {
      ...(limit === undefined ? {} : { [names[0]]: limit }),
      ...(exclusive === undefined || exclusive === false ? {} : { [names[1]]: exclusive }),
    };
  };
  if (typeof exclusiveMinimum !== "boolean" && typeof exclusiveMaximum !== "boolean") return schema;
  return {
    ...others,
    ...bound(exclusiveMinimum, minimum, ["minimum", "exclusiveMinimum"]),
    ...bound(exclusiveMaximum, maximum, ["maximum", "exclusiveMaximum"]),
  };
}

/** OpenAPI's `nullable` in JSON Schema's terms, except beside a plain type. */
function withNull(schema: JsonObject): JsonObject {
  const { nullable, description, title, default: given, ...others } = schema;
  if (nullable === undefined) return schema;
  const about = {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(given === undefined ? {} : { default: given }),
  };
  if (nullable !== true) return { ...others, ...about };
  const simple = typeof others.type === "string" && others.enum === undefined && others.const === undefined;
  return simple ? schema : { ...about, anyOf: [others, { type: "null" }] };
}

/** Whether a schema takes null, by its type, a branch or a list. */
export function allowsNull({ type, nullable, anyOf, oneOf, enum: options }: JsonSchema): boolean {
  const allows = (branches: Json | undefined) =>
    Array.isArray(branches) && branches.some((one: Json) => isObject(one) && allowsNull(one));
  return (
    nullable === true ||
    (Array.isArray(type) ? type.includes("null") : type === "null") ||
    (Array.isArray(options) && options.includes(null)) ||
    allows(anyOf) ||
    allows(oneOf)
  );
}

/** The schema at a pointer into the same document ("#/$defs/Place", "#/properties/from", "#"); null if there is none. */
function targetOf(root: JsonSchema, reference: string): JsonObject | null {
  if (!/^#(\/|$)/.test(reference)) return null;
  let found: Json | undefined = root;
  for (const step of reference.slice(1).split("/").slice(1)) {
    const name = unescapedStep(step);
    if (Array.isArray(found)) found = (found as readonly Json[])[Number(name)];
    else found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }
  return isObject(found) ? found : null;
}

function unescapedStep(step: string): string {
  let text = step;
  try {
    text = decodeURIComponent(step);
  } catch {
    // a percent sign that escapes nothing is literal
  }
  return text.replaceAll("~1", "/").replaceAll("~0", "~");
}
