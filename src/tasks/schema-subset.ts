// The part of JSON Schema that tools may use: what the grammar can lower (bounds, enums, nesting, local references) and
// what validation alone can check afterwards (patterns, multiples). The rest is refused by name when tools are loaded,
// not met in the middle of a run.
import { isObject } from "../json-text.ts";
import type { Json, JsonObject, JsonSchema } from "../types.ts";

/** Deepest nesting of schemas; the grammar's own limit lies a little above. */
const maxDepth = 10;
/** Most schemas in one, references followed: a few references to references would otherwise stand for millions. */
const maxParts = 1000;

const keywords = new Set([
  ...["type", "enum", "const", "nullable", "format", "pattern", "minLength", "maxLength"],
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  ...["items", "minItems", "maxItems", "uniqueItems", "properties", "required", "additionalProperties"],
  ...["anyOf", "oneOf", "allOf", "$ref", "$defs", "definitions"],
  // said to readers, not checked
  ...["description", "title", "default", "example", "examples", "deprecated", "readOnly", "writeOnly", "$schema", "$comment"],
]);

/** What in the schema lies outside the subset, as "the keyword … at …"; null when nothing does. */
export function unsupported(schema: JsonSchema): string | null {
  return foreign({ root: schema, where: "the top", depth: 0, references: [], parts: { left: maxParts } }, schema);
}

/**
 * The schema with every reference replaced by what it names (keys beside it win, a description often stands there). Parts of
 * a tool's schema are asked for apart from it, where "#/$defs/…" would point nowhere.
 * @param schema nothing of which is unsupported
 */
export function inlined(schema: JsonSchema): JsonSchema {
  const { $defs, definitions, ...own } = schema;
  return inlinedWith(schema, own);
}

function inlinedWith(root: JsonSchema, schema: JsonObject): JsonObject {
  const target = typeof schema.$ref === "string" ? definition(root, schema.$ref) : null;
  if (target !== null) {
    const { $ref, ...beside } = schema;
    return inlinedWith(root, { ...target, ...beside });
  }
  const inner = (child: Json): Json => (isObject(child) ? inlinedWith(root, child) : child);
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]): [string, Json] => {
      if (keyword === "properties" && isObject(value))
        return [keyword, Object.fromEntries(Object.entries(value).map(([name, child]) => [name, inner(child)]))];
      if (Array.isArray(value) && branches.includes(keyword)) return [keyword, value.map(inner)];
      return [keyword, singles.includes(keyword) ? inner(value) : value];
    }),
  );
}

const branches: readonly string[] = ["anyOf", "oneOf", "allOf"];
const singles: readonly string[] = ["items", "additionalProperties"];

interface Place {
  readonly root: JsonSchema;
  readonly where: string;
  readonly depth: number;
  /** References that led here; one of them again would never end. */
  readonly references: readonly string[];
  /** Counted down over the whole schema. */
  readonly parts: { left: number };
}

function foreign(place: Place, schema: JsonSchema): string | null {
  const { root, where, depth, references, parts } = place;
  if (parts.left-- <= 0) return `more than ${maxParts} parts`;
  if (depth > maxDepth) return `more than ${maxDepth} levels at ${where}`;
  const keyword = Object.keys(schema).find((name) => !keywords.has(name) && !name.startsWith("x-"));
  if (keyword !== undefined) return `the keyword "${keyword}" at ${where}`;
  if (Array.isArray(schema.allOf) && schema.allOf.length > 1) return `the keyword "allOf" with several parts at ${where}`;
  if (Array.isArray(schema.items)) return `a list under the keyword "items" at ${where}`;
  if (typeof schema.$ref === "string") {
    if (references.includes(schema.$ref)) return `a reference that contains itself ("${schema.$ref}") at ${where}`;
    const target = definition(root, schema.$ref);
    if (target === null)
      return `the reference "${schema.$ref}" (only "#/$defs/…" and "#/definitions/…" are followed) at ${where}`;
    const found = foreign({ ...place, depth: depth + 1, references: [...references, schema.$ref] }, target);
    if (found !== null) return found;
  }
  for (const [name, child] of children(schema)) {
    const found = isObject(child) ? foreign({ ...place, where: name, depth: depth + 1 }, child) : null;
    if (found !== null) return found;
  }
  return null;
}

/** The target of "#/$defs/name" or "#/definitions/name". */
function definition(root: JsonSchema, reference: string): JsonObject | null {
  const [, keyword, name] = /^#\/(\$defs|definitions)\/([^/~%]+)$/.exec(reference) ?? [];
  const holder = keyword === undefined ? undefined : root[keyword];
  const target = isObject(holder) && name !== undefined && Object.hasOwn(holder, name) ? holder[name] : undefined;
  return isObject(target) ? target : null;
}

/** Every schema directly inside, with the name that a reader would look for. Definitions are met where they are used. */
function children(schema: JsonSchema): [string, Json][] {
  const { properties } = schema;
  const named = isObject(properties)
    ? Object.entries(properties).map(([name, child]): [string, Json] => [`"${name}"`, child])
    : [];
  const listed = branches.flatMap((keyword) => {
    const listed = schema[keyword];
    return Array.isArray(listed) ? listed.map((child: Json): [string, Json] => [`"${keyword}"`, child]) : [];
  });
  const single = singles.flatMap((keyword): [string, Json][] => {
    const child = schema[keyword];
    return child === undefined ? [] : [[`"${keyword}"`, child]];
  });
  return [...named, ...listed, ...single];
}
