// One function in the format of OpenAI, MCP, Anthropic or Google -> a tool that can be played, or one sentence that says why
// not. Key names are read here, schemas by rules/schema/plain.ts; playable.ts tries whether the tool can be played.
import { z } from "zod";
import { PlayactError } from "../errors.ts";
import { isObject } from "../rules/json.ts";
import type { GrammarParser } from "../rules/schema/grammar.ts";
import { plainSchema, UnreadableSchema } from "../rules/schema/plain.ts";
import { schemaFault } from "../rules/validate.ts";
import type { Json, JsonObject, JsonSchema, ToolSpec } from "../types.ts";
import { unplayable } from "./playable.ts";

const caps = { schemaBytes: 16_000, descriptionCharacters: 4096 } as const;

/** Keys of the arguments' schema: OpenAI, MCP, Anthropic, Google. */
export const parameterKeys = ["parameters", "inputSchema", "input_schema", "parametersJsonSchema"];
/** Keys of the result's schema: Playact, the same for strict readers, MCP, Google. */
export const resultKeys = ["returns", "x-returns", "outputSchema", "responseJsonSchema"];
/** For hosts and clients of tools; not shown to a model. */
const ignoredKeys = [
  ...["category", "tags"],
  ...["type", "strict", "title", "annotations", "_meta", "icons", "execution", "cache_control", "input_examples"],
  ...["defer_loading", "allowed_callers", "eager_input_streaming"],
];
const knownKeys = ["name", "description", ...parameterKeys, ...resultKeys, ...ignoredKeys];

const named = z.object({
  name: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, "must be 1 to 64 of the characters A-Z a-z 0-9 _ . -"),
  description: z.string().max(caps.descriptionCharacters).default(""),
});

/**
 * The function inside `{"type": "function", "function": {…}}`, with the schema of a result that stands beside it; any other item is
 * taken as the function itself.
 */
export function unwrapped(item: Json): Json {
  if (!isObject(item) || !isObject(item.function) || item.name !== undefined) return item;
  const beside = Object.entries(item).filter(([key]) => resultKeys.includes(key));
  return { ...Object.fromEntries(beside), ...item.function };
}

/** Kinds of tools that have arguments of their own; a "custom" one only with a schema (Anthropic's), not with free text (OpenAI's). */
const playableTypes = ["function", "custom"];

/**
 * The checked tool of an item, wrapped or bare.
 * @param place where the item is, for messages about an item without a name ("tool number 3")
 * @param parser llama.cpp's grammar parser, where available
 * @throws PlayactError("tools") that names the file and the tool, what is needed, what was found and what to do
 */
export function toolOf(item: Json, place: string, path: string, parser: GrammarParser | null): ToolSpec {
  const inner = unwrapped(item);
  const own = isObject(inner) ? withoutNulls(inner) : null;
  const who = typeof own?.name === "string" ? `the tool "${own.name.slice(0, 64)}"` : place;
  const type = own?.type;
  const hasSchema = parameterKeys.some((key) => own?.[key] !== undefined);
  // before its name: what a host provides often has none
  const isSchema = type === "object" && own?.name === undefined;
  if (typeof type === "string" && !isSchema && (!playableTypes.includes(type) || (type === "custom" && !hasSchema)))
    throw fault(path, {
      who,
      expected: "arguments that its own schema describes",
      came: `the type "${type}", which the host of the model provides`,
      todo: "describe it as a function or remove it",
    });
  const shape = named.safeParse(own);
  if (own === null || !shape.success) {
    const [issue] = shape.error?.issues ?? [];
    const key = issue?.path.join(".") || "the tool";
    throw fault(path, {
      who,
      expected: "a function with name, description and parameters",
      came: `${key}: ${issue?.message}`,
      todo: "correct it",
    });
  }
  const unknown = Object.keys(own).find((key) => !knownKeys.includes(key) && !key.startsWith("x-"));
  if (unknown !== undefined)
    throw fault(path, {
      who,
      expected: `only known keys (arguments under ${parameterKeys.join(", ")}; result under ${resultKeys.join(", ")})`,
      came: `the key "${unknown}"`,
      todo: "rename or remove it",
    });
  const hiddenIn = hidden.exec(JSON.stringify(own));
  if (hiddenIn !== null)
    throw fault(path, {
      who,
      expected: "text without invisible or direction-changing characters",
      came: `U+${hiddenIn[0].codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}`,
      todo: "remove it",
    });
  const given = (keys: readonly string[], what: string) => {
    const [first, second] = keys.filter((key) => own[key] !== undefined);
    if (second !== undefined)
      throw fault(path, { who, expected: `one schema for its ${what}`, came: `"${first}" and "${second}"`, todo: "remove one" });
    return first === undefined ? undefined : own[first];
  };
  const returns = given(resultKeys, "result");
  const tool: ToolSpec = {
    ...shape.data,
    parameters: listing(schemaOf(given(parameterKeys, "arguments") ?? {}, `the parameters of ${who}`, path)),
    ...(returns === undefined ? {} : { returns: schemaOf(returns, `the result of ${who}`, path) }),
  };
  const reason = unplayable(tool, parser);
  if (reason !== null)
    throw new PlayactError("tools", `${path}: ${who} cannot be played: ${reason.replace(/\.$/, "")}. Correct its schema.`);
  return tool;
}

/** Data sets fill every key that any of their tools has; null means that the key is absent. */
function withoutNulls(item: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== null));
}

/** Control characters, direction marks and invisible characters: the text would not be what a reader sees. */
const hidden =
  /(?![\n\r\t])\p{Cc}|[\u00ad\u061c\u115f\u1160\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\u3164\ufeff\uffa0\u{e0000}-\u{e0fff}]/u;

function schemaOf(given: Json, what: string, path: string): JsonSchema {
  if (!isObject(given)) throw fault(path, { who: what, expected: "a JSON Schema", came: kindOf(given), todo: "write one" });
  const bytes = Buffer.byteLength(JSON.stringify(given));
  if (bytes > caps.schemaBytes) {
    throw fault(path, {
      who: what,
      expected: `a schema of at most ${caps.schemaBytes} bytes`,
      came: `${bytes} bytes`,
      todo: "shorten enums and descriptions",
    });
  }
  const schema = readable(given, what, path);
  const broken = schemaFault(schema);
  if (broken !== null) throw fault(path, { who: what, expected: "valid JSON Schema", came: broken, todo: "correct it" });
  return schema;
}

function readable(given: JsonSchema, what: string, path: string): JsonSchema {
  try {
    const schema = plainSchema(given);
    if (schema.type === undefined) return { type: "object", ...schema };
    if (schema.type === "object") return schema;
    const came = `type ${JSON.stringify(schema.type)}`;
    throw fault(path, { who: what, expected: 'a schema with "type": "object"', came, todo: "wrap it in an object" });
  } catch (thrown) {
    if (!(thrown instanceof UnreadableSchema)) throw thrown;
    throw fault(path, {
      who: what,
      expected: "JSON Schema that Playact reads",
      came: thrown.message,
      todo: "rewrite or remove that part",
    });
  }
}

/** A tool without parameters may omit `properties`. */
function listing(schema: JsonSchema): JsonSchema {
  const listed = ["properties", "anyOf", "oneOf", "allOf"].some((keyword) => schema[keyword] !== undefined);
  return listed ? schema : { ...schema, properties: {} };
}

interface Fault {
  readonly who: string;
  readonly expected: string;
  readonly came: string;
  readonly todo: string;
  readonly cause?: unknown;
}

/** One sentence: what needs what, what was found, what to do. */
export function fault(path: string, parts: Fault): PlayactError {
  const { who, expected, came, todo, cause } = parts;
  const message = `${path}: ${who} needs ${expected}, but has ${came}; ${todo}.`;
  return new PlayactError("tools", message, cause === undefined ? undefined : { cause });
}

/** The kind of a value, in words for a message. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value)
    ? "a list"
    : typeof value === "object"
      ? `an object with ${Object.keys(value).slice(0, 5).join(", ") || "no keys"}`
      : `a ${typeof value}`;
}
