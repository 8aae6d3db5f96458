// One function in OpenAI's format -> a tool, checked. Refuses what the world could not simulate or the policy could not be
// judged by, with one sentence a fault; it fixes nothing. Which files hold such functions is user-tools.ts's business.
import { z } from "zod";
import { PlayactError } from "../errors.ts";
import type { JsonSchema, ToolSpec } from "../types.ts";
import { inlined, unsupported } from "./schema-subset.ts";
import { schemaFault } from "./validate.ts";

const caps = { schemaBytes: 16_000, descriptionCharacters: 1024 } as const;

const schema: z.ZodType<JsonSchema> = z.record(z.string(), z.json());

const functionShape = z.object({
  name: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, "must be 1 to 64 of the characters A-Z a-z 0-9 _ . -"),
  description: z.string().max(caps.descriptionCharacters).default(""),
  parameters: schema.default({ type: "object", properties: {} }),
  returns: schema.optional(),
  "x-returns": schema.optional(),
});
const wrapped = z.object({ type: z.literal("function"), function: z.unknown() });

/** The function inside `{"type": "function", "function": {…}}`; anything else is taken to be one itself. */
export function unwrapped(item: unknown): unknown {
  const wrapper = wrapped.safeParse(item);
  return wrapper.success ? wrapper.data.function : item;
}

/**
 * The checked tool of an item, wrapped or bare.
 * @param place where the item stands, for the message when it has no name ("tool number 3")
 * @throws PlayactError("tools") that names the file, the tool, what was expected, what came and what to do
 */
export function toolOf(item: unknown, place: string, path: string): ToolSpec {
  const inner = unwrapped(item);
  const named = z.object({ name: z.string() }).safeParse(inner);
  const who = named.success ? `the tool "${named.data.name.slice(0, 64)}"` : place;
  const shape = functionShape.safeParse(inner);
  if (!shape.success) {
    const [issue] = shape.error.issues;
    const key = issue?.path.join(".") || "the tool";
    throw fault(path, who, "a function with name, description and parameters", `${key}: ${issue?.message}`, "correct it");
  }
  const { name, description, parameters } = shape.data;
  const returns = shape.data.returns ?? shape.data["x-returns"];
  if (hidden.test(JSON.stringify(shape.data))) {
    throw fault(path, who, "text without invisible or direction-changing characters", "one of them", "remove it");
  }
  checkSchema(path, `the parameters of ${who}`, parameters);
  if (returns !== undefined) checkSchema(path, `the result of ${who}`, returns);
  return { name, description, parameters: inlined(parameters), ...(returns === undefined ? {} : { returns: inlined(returns) }) };
}

/** Direction overrides, zero-width space and word joiner, byte order mark: text that reads otherwise than it looks. */
const hidden = /[\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff]/;

function checkSchema(path: string, what: string, schema: JsonSchema): void {
  const bytes = Buffer.byteLength(JSON.stringify(schema));
  if (bytes > caps.schemaBytes) {
    throw fault(path, what, `a schema of at most ${caps.schemaBytes} bytes`, `${bytes} bytes`, "shorten enums and descriptions");
  }
  if (schema.type !== "object") {
    throw fault(
      path,
      what,
      'a schema with "type": "object"',
      `type ${JSON.stringify(schema.type) ?? "missing"}`,
      "wrap it in an object",
    );
  }
  const refused = unsupported(schema);
  if (refused !== null) throw fault(path, what, "JSON Schema that a reply can be written under", refused, "rewrite or remove it");
  const broken = schemaFault(schema);
  if (broken !== null) throw fault(path, what, "valid JSON Schema", broken, "correct it");
}

/** One sentence: who needs what, what came, what to do. */
export function fault(path: string, who: string, expected: string, came: string, todo: string, cause?: unknown): PlayactError {
  const message = `${path}: ${who} needs ${expected}, but has ${came}; ${todo}.`;
  return new PlayactError("tools", message, cause === undefined ? undefined : { cause });
}

/** What a value is, in words for a message. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value)
    ? "a list"
    : typeof value === "object"
      ? `an object with ${Object.keys(value).slice(0, 5).join(", ") || "no keys"}`
      : `a ${typeof value}`;
}
