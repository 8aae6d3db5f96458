// The user's own tools from a file in OpenAI's format -> toolsets of one domain "user". Refuses what the world could not
// simulate or the policy could not be judged by, with one sentence a fault; it fixes nothing. Other formats (MCP, OpenAPI,
// ToolBench) have importers of their own that write this one.
import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { describe, PlayactError } from "../errors.ts";
import type { JsonSchema, ToolSpec, Toolset } from "../types.ts";
import { unsupported } from "./schema-subset.ts";
import { schemaFault } from "./validate.ts";

const caps = { fileBytes: 4_000_000, tools: 2000, schemaBytes: 16_000, descriptionCharacters: 1024, toolsetSize: 8 } as const;

const schema: z.ZodType<JsonSchema> = z.record(z.string(), z.json());

const functionShape = z.object({
  name: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, "must be 1 to 64 of the characters A-Z a-z 0-9 _ . -"),
  description: z.string().max(caps.descriptionCharacters).default(""),
  parameters: schema.default({ type: "object", properties: {} }),
  returns: schema.optional(),
  "x-returns": schema.optional(),
});
const wrapped = z.object({ type: z.literal("function"), function: z.unknown() });

/**
 * Reads a file that holds a list of tools, or `{"tools": […]}`; each is `{"type": "function", "function": {…}}` or the
 * bare function, with an optional schema of its result under `returns` or `x-returns`.
 * @throws PlayactError("tools") that names the file, the tool, what was expected, what came and what to do
 */
export function userTools(path: string): Toolset[] {
  const items = readItems(path);
  const tools = items.map((item, index) => toolOf(item, index, path));
  const seen = new Set<string>();
  for (const { name } of tools) {
    if (seen.has(name))
      throw fault(path, `the tool "${name}"`, "a name of its own for each tool", "the same name twice", "rename one");
    seen.add(name);
  }
  return grouped(tools).map((members, index) => ({ domain: "user", name: `tools-${index + 1}`, tools: members }));
}

function readItems(path: string): unknown[] {
  const content = parsed(path);
  const holder = z.object({ tools: z.array(z.unknown()) }).safeParse(content);
  const items = Array.isArray(content) ? content : holder.data?.tools;
  if (items === undefined) {
    throw fault(path, "the file", 'a list of tools or {"tools": […]}', kindOf(content), "export the tools in OpenAI's format");
  }
  if (items.length === 0) throw fault(path, "the file", "at least one tool", "an empty list", "add a tool");
  if (items.length > caps.tools) {
    throw fault(path, "the file", `at most ${caps.tools} tools`, `${items.length}`, "split the file");
  }
  return items;
}

function parsed(path: string): unknown {
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > caps.fileBytes) {
      throw fault(path, "the file", `at most ${caps.fileBytes} bytes`, `${size} bytes`, "split the file");
    }
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    if (thrown instanceof PlayactError) throw thrown;
    throw fault(path, "the file", "a readable JSON file", describe(thrown), "check the path (config tasks.tools)", thrown);
  }
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw fault(path, "the file", "JSON", describe(thrown), "correct the file", thrown);
  }
}

function toolOf(item: unknown, index: number, path: string): ToolSpec {
  const wrapper = wrapped.safeParse(item);
  const inner = wrapper.success ? wrapper.data.function : item;
  const named = z.object({ name: z.string() }).safeParse(inner);
  const who = named.success ? `the tool "${named.data.name.slice(0, 64)}"` : `tool number ${index + 1}`;
  const shape = functionShape.safeParse(inner);
  if (!shape.success) {
    const [issue] = shape.error.issues;
    const place = issue?.path.join(".") || "the tool";
    throw fault(path, who, "a function with name, description and parameters", `${place}: ${issue?.message}`, "correct it");
  }
  const { name, description, parameters } = shape.data;
  const returns = shape.data.returns ?? shape.data["x-returns"];
  if (hidden.test(JSON.stringify(shape.data))) {
    throw fault(path, who, "text without invisible or direction-changing characters", "one of them", "remove it");
  }
  checkSchema(path, `the parameters of ${who}`, parameters);
  if (returns !== undefined) checkSchema(path, `the result of ${who}`, returns);
  return { name, description, parameters, ...(returns === undefined ? {} : { returns }) };
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

/** Tools that share a prefix (`github_…`) belong together; the others stay in the order of the file. Up to 8 a toolset. */
function grouped(tools: readonly ToolSpec[]): ToolSpec[][] {
  const groups = new Map<string, ToolSpec[]>();
  for (const tool of tools) {
    const prefix = prefixOf(tool.name);
    groups.set(prefix, [...(groups.get(prefix) ?? []), tool]);
  }
  const shared = [...groups].filter(([prefix, members]) => prefix !== "" && members.length > 1).map(([, members]) => members);
  const single = tools.filter((tool) => !shared.some((members) => members.includes(tool)));
  return [...shared, single].flatMap(chunked);
}

/** Verbs that begin the names of tools that have nothing else in common. */
const verbs = new Set(
  "add book buy cancel check create delete find get list make read remove search send set show update write".split(" "),
);

function prefixOf(name: string): string {
  const [prefix = "", ...others] = name.split(/[_.-]/);
  return others.length === 0 || verbs.has(prefix.toLowerCase()) ? "" : prefix;
}

function chunked(tools: readonly ToolSpec[]): ToolSpec[][] {
  const chunks: ToolSpec[][] = [];
  for (let start = 0; start < tools.length; start += caps.toolsetSize) chunks.push(tools.slice(start, start + caps.toolsetSize));
  return chunks;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value)
    ? "a list"
    : typeof value === "object"
      ? `an object with ${Object.keys(value).slice(0, 5).join(", ") || "no keys"}`
      : `a ${typeof value}`;
}

function fault(path: string, who: string, expected: string, came: string, todo: string, cause?: unknown): PlayactError {
  const message = `${path}: ${who} needs ${expected}, but has ${came}; ${todo}.`;
  return new PlayactError("tools", message, cause === undefined ? undefined : { cause });
}
