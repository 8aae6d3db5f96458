// Values against JSON Schema, by ajv, with messages that a small model can act on ("missing argument 'city'").
// Used for the policy's calls, the simulator's replies and the catalogue. Only complains: nothing is coerced, no default
// is filled in. Whether a schema lies in our subset is the loader's business (toolset.ts).
import { Ajv2020, type ErrorObject, str, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { Json, JsonObject, JsonSchema, ToolSpec } from "../types.ts";
import { isObject } from "./json.ts";
import { placeOf } from "./listed.ts";

/** Compiled validators kept; a run uses about as many schemas as its toolsets have tools. */
const cacheSize = 512;

// own keys alone: every object inherits a constructor and a toString, which are no arguments
const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false, ownProperties: true });
addFormats.default(ajv);
ajv.removeKeyword("multipleOf"); // ajv's divides: 19.99 would be no multiple of 0.01
ajv.addKeyword({
  keyword: "multipleOf",
  type: "number",
  schemaType: "number",
  validate: isMultiple,
  error: { message: ({ schemaCode }) => str`must be multiple of ${schemaCode}` },
});

/**
 * Is the number a whole multiple, but for what doubles round off (2 units in the last place)? Half a cent is told from a whole
 * one up to amounts of 10^13.
 */
function isMultiple(step: number, value: number): boolean {
  return Math.abs(value - Math.round(value / step) * step) <= 2 * Number.EPSILON * Math.abs(value);
}

/** Validators by the text of their schema, least recently used first. */
const compiled = new Map<string, ValidateFunction>();

/**
 * What is wrong with the arguments of a call; empty when the call is valid. An argument that the schema does not name is
 * wrong even where the schema leaves other keys open: the tool would ignore it.
 * @throws Error when the schema does not compile (the loader refuses such tools)
 */
export function argumentErrors(tool: ToolSpec, args: JsonObject): string[] {
  const known = new Set(
    placeOf(tool.parameters).flatMap(({ properties }) => (isObject(properties) ? Object.keys(properties) : [])),
  );
  const unknown = Object.keys(args).filter((name) => !known.has(name));
  return [...unknown.map((name) => `unknown argument '${name}'`), ...failures(tool.parameters, args, "argument")];
}

/** What keeps a value from matching a schema; empty when it matches. Throws when the schema does not compile. */
export function matchesSchema(schema: JsonSchema, value: Json): string[] {
  return failures(schema, value, "property");
}

/** Why a schema does not compile, or null. */
export function schemaFault(schema: JsonSchema): string | null {
  try {
    validatorOf(schema);
    return null;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

type Noun = "argument" | "property";

function failures(schema: JsonSchema, value: Json, noun: Noun): string[] {
  const validate = validatorOf(schema);
  if (validate(value)) return [];
  const texts = (validate.errors ?? [])
    // argumentErrors names unknown arguments itself
    .filter((error) => !(noun === "argument" && error.keyword === "additionalProperties" && error.instancePath === ""))
    .map((error) => sentence(error, noun));
  return [...new Set(texts)];
}

function validatorOf(schema: JsonSchema): ValidateFunction {
  const text = JSON.stringify(schema);
  const validate = compiled.get(text) ?? compile(schema);
  compiled.delete(text); // and put it last
  compiled.set(text, validate);
  const [oldest] = compiled.keys();
  if (compiled.size > cacheSize && oldest !== undefined) compiled.delete(oldest);
  return validate;
}

function compile(schema: JsonSchema): ValidateFunction {
  const validate = ajv.compile(schema);
  ajv.removeSchema(schema); // ajv keeps every schema and every $id it ever compiled; our cache is the bounded one
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

/** What a failed keyword asks for, as the end of "… must". */
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

/** "/rooms/0/beds" -> "rooms[0].beds" (JSON pointer as ajv reports it). */
function pathText(pointer: string): string {
  const keys = pointer.split("/").slice(1);
  const plain = keys.map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  return plain.reduce((path, key) => (/^\d+$/.test(key) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`), "");
}
