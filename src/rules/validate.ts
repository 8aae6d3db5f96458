// Validates values against JSON Schema with ajv, with messages that a small model can act on ("missing argument 'city'").
// Used for the policy's calls, the simulator's replies and the catalogue. Changes nothing: no coercion, no defaults.
// The loader checks that a schema is in the supported subset (schema/plain.ts).
import { Ajv2020, type ErrorObject, str, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe } from "../errors.ts";
import type { Json, JsonObject, JsonSchema, ToolSpec } from "../types.ts";
import { isObject } from "./json.ts";
import { branchesOf } from "./listed.ts";
import { flagsOf } from "./schema/patterns.ts";

/** Maximum number of compiled validators; a run uses about as many schemas as its toolsets have tools. */
const cacheSize = 512;

const regExp = Object.assign((pattern: string) => new RegExp(pattern, flagsOf(pattern)), { code: "new RegExp" });
// own keys only: `constructor` and `toString`, which every object inherits, are not arguments
const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false, ownProperties: true, code: { regExp } });
addFormats.default(ajv);
ajv.removeKeyword("multipleOf"); // ajv divides, and 19.99 would not be a multiple of 0.01
ajv.addKeyword({
  keyword: "multipleOf",
  type: "number",
  schemaType: "number",
  validate: isMultiple,
  error: { message: ({ schemaCode }) => str`must be multiple of ${schemaCode}` },
});

/**
 * Is the number a whole multiple, within the rounding of doubles (2 units in the last place)? Detects half a cent in amounts
 * up to 10^13.
 */
function isMultiple(step: number, value: number): boolean {
  return Math.abs(value - Math.round(value / step) * step) <= 2 * Number.EPSILON * Math.abs(value);
}

/** Validators by the text of their schema, least recently used first. */
const compiled = new Map<string, ValidateFunction>();

/**
 * What is wrong with the arguments of a call; empty if the call is valid. An argument that the schema does not name is
 * wrong even if the schema allows additional keys: the tool would ignore it.
 * @throws Error if the schema does not compile (the loader rejects such tools)
 */
export function argumentErrors(tool: ToolSpec, args: JsonObject): string[] {
  const known = new Set(
    branchesOf(tool.parameters).flatMap(({ properties }) => (isObject(properties) ? Object.keys(properties) : [])),
  );
  const unknown = Object.keys(args).filter((name) => !known.has(name));
  return [...unknown.map((name) => `unknown argument '${name}'`), ...failures(tool.parameters, args, "argument")];
}

/** Why a value does not match a schema; empty if it matches. Throws if the schema does not compile. */
export function matchesSchema(schema: JsonSchema, value: Json): string[] {
  return failures(schema, value, "property");
}

/** Why a schema does not compile; null if it compiles. */
export function schemaFault(schema: JsonSchema): string | null {
  try {
    validatorOf(schema);
    return null;
  } catch (thrown) {
    return describe(thrown);
  }
}

type Noun = "argument" | "property";

function failures(schema: JsonSchema, value: Json, noun: Noun): string[] {
  const validate = validatorOf(schema);
  if (validate(value)) return [];
  const texts = (validate.errors ?? [])
    // argumentErrors reports unknown arguments itself
    .filter((error) => !(noun === "argument" && error.keyword === "additionalProperties" && error.instancePath === ""))
    .map((error) => sentence(error, noun));
  return [...new Set(texts)];
}

function validatorOf(schema: JsonSchema): ValidateFunction {
  const text = JSON.stringify(schema);
  const validate = compiled.get(text) ?? compile(schema);
  compiled.delete(text); // reinserted last
  compiled.set(text, validate);
  const [oldest] = compiled.keys();
  if (compiled.size > cacheSize && oldest !== undefined) compiled.delete(oldest);
  return validate;
}

function compile(schema: JsonSchema): ValidateFunction {
  const validate = ajv.compile(schema);
  ajv.removeSchema(schema); // ajv would keep every schema and $id; our cache is bounded
  return validate;
}

function sentence(error: ErrorObject, noun: Noun): string {
  const path = pathText(error.instancePath);
  const member = (name: unknown) => (path === "" ? String(name) : `${path}.${name}`);
  switch (error.keyword) {
    case "required":
      return `missing ${noun} '${member(error.params.missingProperty)}'`;
    case "additionalProperties":
      return `unknown ${noun} '${member(error.params.additionalProperty)}'`;
    default:
      return `${path === "" ? "the value" : `${noun} '${path}'`} must ${demand(error)}`;
  }
}

/** Characters of a pattern that a message shows; a longer one tells nobody anything. */
const longestPattern = 200;

/** What a failed keyword requires, as the end of "… must". */
function demand({ keyword, params, message }: ErrorObject): string {
  switch (keyword) {
    case "type":
      return `be ${[params.type].flat().map(typeText).join(" or ")}`;
    case "enum":
      return `be one of ${params.allowedValues.map(valueText).join(", ")}`;
    case "const":
      return `be ${valueText(params.allowedValue)}`;
    case "minimum":
      return `be at least ${params.limit}`;
    case "maximum":
      return `be at most ${params.limit}`;
    case "minLength":
      return `have at least ${params.limit} characters`;
    case "maxLength":
      return `have at most ${params.limit} characters`;
    case "minItems":
      return `have at least ${params.limit} items`;
    case "maxItems":
      return `have at most ${params.limit} items`;
    case "format":
      return `be a ${formatTexts[String(params.format)] ?? String(params.format)}`;
    case "pattern":
      return String(params.pattern).length > longestPattern ? "fit its pattern" : `match pattern "${params.pattern}"`;
    default:
      return (message ?? `satisfy ${keyword}`).replace(/^must /, "");
  }
}

const formatTexts: Readonly<Record<string, string>> = {
  date: "date written YYYY-MM-DD",
  time: "time written HH:MM:SS with Z or an offset",
};

const typeTexts: Readonly<Record<string, string>> = {
  integer: "an integer",
  number: "a number",
  string: "a string",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  null: "null",
};

function typeText(type: unknown): string {
  return typeTexts[String(type)] ?? String(type);
}

function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** "/rooms/0/beds" -> "rooms[0].beds" (from ajv's JSON pointer). */
function pathText(pointer: string): string {
  const keys = pointer.split("/").slice(1);
  const plain = keys.map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  return plain.reduce((path, key) => (/^\d+$/.test(key) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`), "");
}
