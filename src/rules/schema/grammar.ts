// JSON Schema to GBNF. Not node-llama-cpp's own conversion, which allows 15 digits and has no bounds: small models then write
// zeros without end. Compact JSON with every listed property in order (optional ones too: `required` is ignored, since a small
// model leaves out what it may; a property marked `"x-omit": true` is never written; `"x-any": true` is any JSON value). Bounds,
// patterns, formats and unions are exact or narrower; uniqueness and conditions are left to validation, and tried when tools are
// loaded.
import { PlayactError } from "../../errors.ts";
import type { Json, JsonSchema } from "../../types.ts";
import { isObject } from "../json.ts";
import { alternatives } from "./alternatives.ts";
import { anyJson } from "./any-json.ts";
import { decimalsOf, mostDigits, multiplesRule, numberRule } from "./numbers.ts";
import { narrower, patternOf, patternRule } from "./patterns.ts";
import { asSchema, bound, inside, list, refuse, repeated, type SchemaPlace, wholeNumber } from "./place.ts";
import { gbnf, type Rule, unescaped } from "./rule.ts";

/** Why llama.cpp rejects a grammar, or null. */
export type GrammarParser = (grammar: string) => string | null;

/** Bounds for a schema without its own. */
export const defaultBounds = { items: 4, characters: 120, digits: 6, decimals: 2 } as const;
/** Upper bounds for every schema: `items` of nested lists and maps together, `characters` of all texts together. */
const limits = { depth: 12, grammar: 60_000, items: 32, characters: 1000 } as const;

/**
 * GBNF whose root accepts compact JSON of the schema.
 * @throws PlayactError("tools") for a schema that cannot be converted: unknown types, crossed bounds, too large.
 */
export function toGrammar(schema: JsonSchema): string {
  const grammar = gbnf(ruleOf(schema));
  if (grammar.length > limits.grammar)
    throw new PlayactError(
      "tools",
      `The schema's grammar has ${grammar.length} characters; at most ${limits.grammar} are allowed: split the tool or shorten its enums.`,
    );
  return grammar;
}

/** The texts that toGrammar's grammar accepts, as a rule. Throws like toGrammar. */
export function ruleOf(schema: JsonSchema): Rule {
  return lower({ where: "", depth: 0, repeated: 1 }, schema);
}

/** A character of a JSON string; escapes only of quote and backslash. */
const character: Rule = {
  line: {
    any: [
      { set: unescaped },
      {
        all: [
          "\\",
          {
            set: [
              [0x22, 0x22],
              [0x5c, 0x5c],
            ],
          },
        ],
      },
    ],
  },
};

function string(inside: Rule): Rule {
  return { line: { all: ['"', inside, '"'] } };
}

/** A value without any schema. */
function scalar(place: SchemaPlace): Rule {
  const number = numberRule(-(10 ** defaultBounds.digits - 1), 10 ** defaultBounds.digits - 1, defaultBounds.decimals) ?? "0";
  return { line: { any: [lowerString(place, {}), { line: number }, "true", "false", "null"] } };
}

function lower(place: SchemaPlace, schema: JsonSchema): Rule {
  if (place.depth > limits.depth) throw refuse(place, `nests deeper than ${limits.depth} levels`);
  if (schema["x-any"] === true) return anyJson;
  const ways = waysOf(place, schema);
  const rule = oneOf(
    place,
    ways.map((way) => (ways.length === 1 ? lowerOne(place, way) : lower(inside(place, ""), way))),
  );
  return schema.nullable === true ? { any: [rule, "null"] } : rule;
}

function waysOf(place: SchemaPlace, schema: JsonSchema): readonly JsonSchema[] {
  for (const keyword of ["anyOf", "oneOf", "allOf"]) {
    const branches = schema[keyword];
    if (branches === undefined) continue;
    if (!Array.isArray(branches) || branches.length === 0) throw refuse(place, `has an empty ${keyword}`);
    for (const branch of branches) asSchema(place, branch);
  }
  try {
    return alternatives(schema);
  } catch (thrown) {
    if (thrown instanceof RangeError) throw refuse(place, `cannot be turned into a grammar: ${thrown.message}`);
    throw thrown;
  }
}

/** A schema without unions. */
function lowerOne(place: SchemaPlace, schema: JsonSchema): Rule {
  const types = schema.type === undefined ? impliedType(schema) : Array.isArray(schema.type) ? schema.type : [schema.type];
  const options = schema.const !== undefined ? [schema.const] : schema.enum === undefined ? null : list(schema.enum);
  if (options !== null) {
    const fitting = types.length === 0 ? options : options.filter((value) => types.some((type) => isOfType(value, type)));
    if (options.length > 0 && fitting.length === 0)
      throw refuse(place, `has an enum or const without a value of its type, ${types.join(" or ")}`);
    return oneOf(
      place,
      fitting.map((value) => JSON.stringify(value)),
    );
  }
  if (schema.type !== undefined && types.length === 0) throw refuse(place, "has parts that allow no type in common");
  if (types.length === 0) return scalar(place);
  return oneOf(
    place,
    types.map((type) => lowerTyped(place, { ...schema, type })),
  );
}

function lowerTyped(place: SchemaPlace, schema: JsonSchema): Rule {
  switch (schema.type) {
    case "object":
      return lowerObject(place, schema);
    case "array":
      return lowerArray(place, schema);
    case "string":
      return lowerString(place, schema);
    case "integer":
      return lowerNumber(place, schema, 0);
    case "number":
      return lowerNumber(place, schema, defaultBounds.decimals);
    case "boolean":
      return { any: ["true", "false"] };
    case "null":
      return "null";
    default:
      throw refuse(
        place,
        `has the type ${JSON.stringify(schema.type)}; JSON Schema knows object, array, string, integer, number, boolean and null`,
      );
  }
}

function isOfType(value: Json, type: Json): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  return type === (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);
}

/** Keywords that imply a type; some catalogues omit `type`. */
const telling: Readonly<Record<string, readonly string[]>> = {
  object: ["properties", "additionalProperties", "required", "propertyNames", "patternProperties"],
  array: ["items", "prefixItems", "minItems", "maxItems"],
  string: ["minLength", "maxLength", "pattern", "format"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
};

function impliedType(schema: JsonSchema): readonly Json[] {
  const implied = Object.entries(telling).find(([, keys]) => keys.some((key) => schema[key] !== undefined));
  return implied === undefined ? [] : [implied[0]];
}

/** Whether an object has keys of its own choice. */
export function isMap({ properties, additionalProperties }: JsonSchema): boolean {
  if (properties === undefined) return true;
  return isObject(additionalProperties) && isObject(properties) && Object.keys(properties).length === 0;
}

const shortKey = "^[a-z][a-z0-9_]{0,23}$";

function lowerObject(place: SchemaPlace, schema: JsonSchema): Rule {
  const extra = schema.additionalProperties;
  const known = schema.properties === undefined ? {} : asSchema(place, schema.properties);
  if (isMap(schema)) {
    const [named] = Object.entries(isObject(schema.patternProperties) ? schema.patternProperties : {});
    const [pattern, values] = named ?? [null, extra];
    if (values === false) return "{}";
    // without known keys: a few short ones, as many as a list has items
    const [least, most] = lengths(place, schema, "minProperties", "maxProperties", "entries");
    const value = isObject(values) ? lower(repeated(place, ".*", most), values) : scalar(repeated(place, ".*", most));
    const names = isObject(schema.propertyNames) ? schema.propertyNames : pattern === null ? { pattern: shortKey } : {};
    const keys = pattern === null ? names : { pattern: narrower(shortKey, pattern), ...names };
    const key = lower(inside(place, " (its keys)"), { type: "string", ...keys });
    return enclosed("{", { all: [key, ":", value] }, "}", least, most);
  }
  const pairs = Object.entries(known).flatMap(([name, property]) => {
    const own = asSchema(place, property);
    if (own["x-omit"] === true) return [];
    return [{ all: [`${JSON.stringify(name)}:`, lower(inside(place, `.${name}`), own)] } as const];
  });
  return { all: ["{", ...pairs.flatMap((pair, index) => (index === 0 ? [pair] : [",", pair])), "}"] };
}

function lowerArray(place: SchemaPlace, schema: JsonSchema): Rule {
  if (schema.prefixItems !== undefined) {
    const items = list(schema.prefixItems).map((item, index) => lower(inside(place, `[${index}]`), asSchema(place, item)));
    return { all: ["[", ...items.flatMap((item, index) => (index === 0 ? [item] : [",", item])), "]"] };
  }
  const [least, most] = lengths(place, schema, "minItems", "maxItems", "items");
  const within = repeated(place, "[]", most);
  const item = schema.items === undefined ? scalar(within) : lower(within, asSchema(place, schema.items));
  return enclosed("[", item, "]", least, most);
}

/** Items between brackets, separated by commas. */
function enclosed(open: string, item: Rule, close: string, least: number, most: number): Rule {
  if (most === 0) return `${open}${close}`;
  const items: Rule = { all: [item, { of: { all: [",", item] }, least: Math.max(0, least - 1), most: most - 1 }] };
  return { all: [open, least === 0 ? { of: items, least: 0, most: 1 } : items, close] };
}

/** Least and most items of a list or a map: nested ones share one budget. */
function lengths(place: SchemaPlace, schema: JsonSchema, atLeast: string, atMost: string, what: string): [number, number] {
  const least = wholeNumber(place, schema[atLeast], 0);
  const asked = wholeNumber(place, schema[atMost], Math.max(defaultBounds.items, least));
  if (least > asked) throw refuse(place, `asks for at least ${least} and at most ${asked} ${what}`);
  const room = Math.floor(limits.items / place.repeated);
  if (least > Math.max(room, 1))
    throw refuse(place, `asks for at least ${least} ${what}; replies have room for ${limits.items}, nested lists together`);
  return [least, Math.min(asked, Math.max(room, least, 1))];
}

function lowerString(place: SchemaPlace, schema: JsonSchema): Rule {
  const least = wholeNumber(place, schema.minLength, 0);
  const asked = wholeNumber(place, schema.maxLength, Math.max(defaultBounds.characters, least));
  if (least > asked) throw refuse(place, `asks for at least ${least} and at most ${asked} characters`);
  const room = Math.floor(limits.characters / place.repeated);
  if (least > room)
    throw refuse(
      place,
      `asks for at least ${least} characters; replies have room for ${limits.characters}, all items of a list together`,
    );
  const most = Math.min(asked, room);
  try {
    const pattern = patternOf(schema);
    return string(pattern === null ? { of: character, least, most } : patternRule(pattern, { least, most }));
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    throw refuse(place, `has a pattern that cannot be turned into a grammar: ${thrown.message}`);
  }
}

/** Numbers within their bounds. Without bounds they have few digits: small models write zeros without end. */
function lowerNumber(place: SchemaPlace, schema: JsonSchema, least: number): Rule {
  const limits = [schema.minimum, schema.exclusiveMinimum, schema.maximum, schema.exclusiveMaximum];
  const decimals = least === 0 ? 0 : Math.min(mostDecimals, Math.max(least, ...limits.map(decimalsOf)));
  const low = highest(ofValue(bound(place, schema.minimum)), above(ofValue(bound(place, schema.exclusiveMinimum)), decimals));
  const high = lowest(ofValue(bound(place, schema.maximum)), below(ofValue(bound(place, schema.exclusiveMaximum)), decimals));
  const crossed = () =>
    refuse(place, `asks for at least ${low ?? "any number"} and at most ${high ?? "any number"}, which is impossible`);
  const wide = 10 ** Math.max(defaultBounds.digits, digits(low ?? 0), digits(high ?? 0)) - 1;
  const far = 10 ** mostDigits - 1;
  const [from, to] = [Math.max(low ?? -wide, -far), Math.min(high ?? wide, far)];
  const step = schema.multipleOf;
  const rule = typeof step === "number" && step > 0 ? multiplesRule(step, from, to) : numberRule(from, to, decimals);
  if (rule === null) throw crossed();
  return { line: rule };
}

const machineLimits: ReadonlySet<number> = new Set([2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32]);

/** The bound, or null for what the type of a machine can hold (zod writes 2^53 - 1 for every integer): it says nothing of the value. */
function ofValue(limit: number | null): number | null {
  if (limit === null) return null;
  return Math.abs(limit) >= Number.MAX_SAFE_INTEGER || machineLimits.has(Math.abs(limit)) ? null : limit;
}

/** Digits before the decimal point. */
function digits(value: number): number {
  return Math.trunc(Math.abs(value)).toLocaleString("en", { useGrouping: false }).length;
}

/** The next number of so many decimals above an exclusive bound. */
function above(value: number | null, decimals: number): number | null {
  return value === null ? null : Number(((Math.floor(value * 10 ** decimals + 1e-9) + 1) / 10 ** decimals).toFixed(decimals));
}

function below(value: number | null, decimals: number): number | null {
  return value === null ? null : Number(((Math.ceil(value * 10 ** decimals - 1e-9) - 1) / 10 ** decimals).toFixed(decimals));
}

/** Of bounds such as 0.0001: numbers between them need as many decimals. */
const mostDecimals = 9;

function highest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

function lowest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

function oneOf(place: SchemaPlace, alternatives: readonly Rule[]): Rule {
  const [only] = alternatives;
  if (only === undefined) throw refuse(place, "has an empty list of alternatives");
  return alternatives.length === 1 ? only : { any: alternatives };
}
