// JSON Schema to GBNF, ours: node-llama-cpp's own lowering allows 15 digits and has no bounds, and small models then run
// on in zeros. Compact JSON, every listed property in its order (also the optional ones: `required` is ignored, since a
// small model leaves out what it may; a property marked `"x-omit": true` is never asked for). Bounds are made digits and
// lengths; exact ranges, patterns, multiples and uniqueness are left to the validation of the reply.
import { PlayactError } from "../errors.ts";
import { isObject } from "../json-text.ts";
import type { Json, JsonSchema } from "../types.ts";

/** What a schema that says nothing gets. */
const defaults = { items: 4, characters: 120, digits: 6, decimals: 2 } as const;
/** What no schema gets more of. */
const limits = { depth: 12, grammar: 60_000, items: 32, characters: 1000, digits: 12 } as const;

/** Rules that lowered schemas refer to. Strings: printable characters, escapes only of quote and backslash. */
const shared = `char ::= [^"\\\\\\x00-\\x1F\\x7F-\\x9F] | "\\\\" ["\\\\]
text ::= "\\"" char{0,${defaults.characters}} "\\""
number ::= "-"? ("0" | [1-9] [0-9]{0,${defaults.digits - 1}}) ("." [0-9]{1,${defaults.decimals}})?
scalar ::= text | number | "true" | "false" | "null"
key ::= "\\"" [a-z] [a-z0-9_]{0,23} "\\""
date ::= ("19" | "20") [0-9]{2} "-" (("01" | "03" | "05" | "07" | "08" | "10" | "12") "-" ("0" [1-9] | [12] [0-9] | "3" [01]) | ("04" | "06" | "09" | "11") "-" ("0" [1-9] | [12] [0-9] | "30") | "02-" ("0" [1-9] | "1" [0-9] | "2" [0-8]))
time ::= ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] "Z"
`;

/**
 * GBNF whose root accepts compact JSON of the schema.
 * @throws PlayactError("tools") for what cannot be lowered: unknown types, foreign or circular $refs, too much of it.
 */
export function toGrammar(schema: JsonSchema): string {
  const grammar = `root ::= ${lower({ root: schema, where: "the schema", depth: 0 }, schema)}\n${shared}`;
  if (grammar.length > limits.grammar)
    throw new PlayactError(
      "tools",
      `The schema makes a grammar of ${grammar.length} characters; at most ${limits.grammar} are sensible: split the tool or shorten its enums.`,
    );
  return grammar;
}

interface Place {
  readonly root: JsonSchema;
  /** For messages, e.g. "the schema.passengers[]". */
  readonly where: string;
  readonly depth: number;
}

function lower(place: Place, schema: JsonSchema): string {
  if (place.depth > limits.depth) throw refuse(place, `nests deeper than ${limits.depth} levels (a $ref that contains itself?)`);
  if (typeof schema.$ref === "string") return lower(inside(place, ""), resolve(place, schema.$ref));
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum !== undefined)
    return oneOf(
      place,
      list(schema.enum).map((value) => literal(value)),
    );
  const lowered = lowerTyped(place, schema);
  return schema.nullable === true ? `(${lowered} | "null")` : lowered;
}

function lowerTyped(place: Place, schema: JsonSchema): string {
  const type = schema.type ?? impliedType(schema);
  if (Array.isArray(type))
    return oneOf(
      place,
      type.map((one: Json) => lower(inside(place, ""), { ...schema, type: one })),
    );
  switch (type) {
    case "object":
      return lowerObject(place, schema);
    case "array":
      return lowerArray(place, schema);
    case "string":
      return lowerString(place, schema);
    case "integer":
      return lowerNumber(place, schema, false);
    case "number":
      return lowerNumber(place, schema, true);
    case "boolean":
      return `("true" | "false")`;
    case "null":
      return `"null"`;
    case undefined: {
      const branches = schema.oneOf ?? schema.anyOf ?? schema.allOf;
      if (branches === undefined) return "scalar";
      if (schema.allOf !== undefined && list(schema.allOf).length !== 1)
        throw refuse(place, "uses allOf with several parts, which Playact does not merge; write them as one schema");
      return oneOf(
        place,
        list(branches).map((branch) => lower(inside(place, ""), asSchema(place, branch))),
      );
    }
    default:
      throw refuse(
        place,
        `has the type ${JSON.stringify(type)}; JSON Schema knows object, array, string, integer, number, boolean and null`,
      );
  }
}

/** Catalogues forget `type` where the other keys say it. */
function impliedType(schema: JsonSchema): Json | undefined {
  if (schema.properties !== undefined || schema.additionalProperties !== undefined) return "object";
  if (schema.items !== undefined) return "array";
  return undefined;
}

function lowerObject(place: Place, schema: JsonSchema): string {
  const extra = schema.additionalProperties;
  if (schema.properties === undefined || (isObject(extra) && Object.keys(asSchema(place, schema.properties)).length === 0)) {
    if (extra === false) return `"{}"`;
    // no key is known: a few short ones, or as many as the items of a list where their values have a schema
    const value = isObject(extra) ? lower(inside(place, ".*"), extra) : "scalar";
    const pair = `(key ":" ${value})`;
    return `"{" (${pair} ("," ${pair}){0,${defaults.items - 1}})? "}"`;
  }
  const pairs = Object.entries(asSchema(place, schema.properties)).flatMap(([name, property]) => {
    const own = asSchema(place, property);
    return own["x-omit"] === true ? [] : [`${literal(name, ":")} ${lower(inside(place, `.${name}`), own)}`];
  });
  return pairs.length === 0 ? `"{}"` : `"{" ${pairs.join(' "," ')} "}"`;
}

function lowerArray(place: Place, schema: JsonSchema): string {
  if (schema.prefixItems !== undefined || Array.isArray(schema.items))
    throw refuse(place, "lists a schema for each item; Playact lowers arrays whose items share one");
  const least = count(place, schema.minItems, 0);
  const most = Math.min(limits.items, count(place, schema.maxItems, Math.max(defaults.items, least)));
  if (least > most) throw refuse(place, `asks for at least ${least} and at most ${most} items`);
  if (most === 0) return `"[]"`;
  const item =
    schema.items === undefined || schema.items === true ? "scalar" : lower(inside(place, "[]"), asSchema(place, schema.items));
  const items = `${item} ("," ${item}){${Math.max(0, least - 1)},${most - 1}}`;
  return least === 0 ? `"[" (${items})? "]"` : `"[" ${items} "]"`;
}

function lowerString(place: Place, schema: JsonSchema): string {
  if (schema.format === "date") return `"\\"" date "\\""`;
  if (schema.format === "time") return `"\\"" time "\\""`;
  if (schema.format === "date-time") return `"\\"" date "T" time "\\""`;
  const least = count(place, schema.minLength, 0);
  const most = Math.min(limits.characters, count(place, schema.maxLength, Math.max(defaults.characters, least)));
  if (least > most) throw refuse(place, `asks for at least ${least} and at most ${most} characters`);
  return `"\\"" char{${least},${most}} "\\""`;
}

/** Digits enough for the bounds; within them the grammar is not exact (1..12 also lets 99 pass). */
function lowerNumber(place: Place, schema: JsonSchema, fraction: boolean): string {
  const low = highest(bound(place, schema.minimum), bound(place, schema.exclusiveMinimum));
  const high = lowest(bound(place, schema.maximum), bound(place, schema.exclusiveMaximum));
  if (low !== null && high !== null && low > high) throw refuse(place, `asks for at least ${low} and at most ${high}`);
  const sign = low !== null && low >= 0 ? "" : high !== null && high < 0 ? '"-" ' : '"-"? ';
  const [near, far] = high !== null && high < 0 ? [-high, low === null ? null : -low] : [low ?? 0, high];
  const wide =
    far === null ? Math.max(defaults.digits, digits(near)) : Math.max(digits(far), low !== null && low < 0 ? digits(low) : 1);
  const most = Math.min(wide, limits.digits);
  const least = Math.min(sign === '"-"? ' ? 1 : digits(near), most);
  const whole = least > 1 ? `[1-9] [0-9]{${least - 1},${most - 1}}` : most === 1 ? "[0-9]" : `("0" | [1-9] [0-9]{0,${most - 1}})`;
  return fraction ? `${sign}${whole} ("." [0-9]{1,${defaults.decimals}})?` : `${sign}${whole}`;
}

/** Digits before the decimal point. */
function digits(value: number): number {
  return Math.trunc(Math.abs(value)).toLocaleString("en", { useGrouping: false }).length;
}

function bound(place: Place, value: Json | undefined): number | null {
  // draft 4 writes exclusiveMinimum: true beside minimum
  if (value === undefined || typeof value === "boolean") return null;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw refuse(place, `has the bound ${JSON.stringify(value)}, which is no number`);
}

function highest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

function lowest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

function count(place: Place, value: Json | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw refuse(place, `has the length ${JSON.stringify(value)}, which is no whole number from 0 up`);
}

function oneOf(place: Place, alternatives: readonly string[]): string {
  if (alternatives.length === 0) throw refuse(place, "has an empty list of alternatives");
  return alternatives.length === 1 ? (alternatives[0] ?? "") : `(${alternatives.join(" | ")})`;
}

/** GBNF text of a JSON value written compactly. */
function literal(value: Json, after = ""): string {
  const text = JSON.stringify(value) + after;
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** Follows a pointer into the same schema: "#/$defs/name", "#/definitions/name", "#". */
function resolve(place: Place, reference: string): JsonSchema {
  if (!reference.startsWith("#"))
    throw refuse(place, `refers to ${reference}; only references into the same schema are followed`);
  let found: Json | undefined = place.root;
  for (const step of reference.slice(1).split("/").slice(1)) {
    const name = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    found = isObject(found) ? found[name] : undefined;
  }
  if (found === undefined) throw refuse(place, `refers to ${reference}, which is not there`);
  return asSchema(place, found);
}

function inside(place: Place, step: string): Place {
  return { ...place, where: place.where + step, depth: place.depth + 1 };
}

function asSchema(place: Place, value: Json): JsonSchema {
  if (isObject(value)) return value;
  // `true` allows anything
  if (value === true) return {};
  throw refuse(place, `holds ${JSON.stringify(value)} where a schema is expected`);
}

function list(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [value];
}

function refuse(place: Place, what: string): PlayactError {
  return new PlayactError("tools", `${place.where} ${what}.`);
}
