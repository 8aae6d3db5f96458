// Trees of tools: domain -> toolset -> functions, as TRUSTEE (arXiv 2604.17739) samples them from ToolBench. Two shapes:
// nested objects of lists, and ToolBench's own tool files with an `api_list`. Pure. Names in such trees contain blanks and
// slashes and repeat: only here are they made valid and unique. The schemas are checked like any other.
import { isObject } from "../rules/json.ts";
import { matchesSchema } from "../rules/validate.ts";
import type { Json, JsonObject, ToolSpec, Toolset } from "../types.ts";
import { resultKeys } from "./tool-spec.ts";

/** A toolset with unchecked functions. */
export interface RawToolset {
  readonly domain: string;
  readonly name: string;
  readonly items: readonly Json[];
}

/** Domain -> toolset -> list of functions; a toolset may also be an object with its list under `tools`. */
export function isTree(content: unknown): content is JsonObject {
  const filled = (value: unknown): value is JsonObject => isObject(value) && Object.keys(value).length > 0;
  return (
    filled(content) &&
    Object.values(content).every((domain) => filled(domain) && Object.values(domain).every((set) => listOf(set) !== null))
  );
}

/** The toolsets of a tree that have at least one function. */
export function treeToolsets(tree: JsonObject): RawToolset[] {
  return Object.entries(tree).flatMap(([domain, toolsets]) =>
    Object.entries(isObject(toolsets) ? toolsets : {}).flatMap(([name, set]) => {
      const items = (listOf(set) ?? []).map(wellNamed);
      return items.length === 0 ? [] : [{ domain, name, items }];
    }),
  );
}

function listOf(toolset: Json): readonly Json[] | null {
  const list = isObject(toolset) ? toolset.tools : toolset;
  return Array.isArray(list) ? list : null;
}

/** The function with a name that a model can call; its other keys are kept, also inside `{"type": "function", …}`. */
function wellNamed(item: Json): Json {
  if (!isObject(item)) return item;
  if (isObject(item.function)) return { ...item, function: wellNamed(item.function) };
  return typeof item.name === "string" ? { ...item, name: wellFormed(item.name) } : item;
}

/** ToolBench's file of one tool: its functions are the entries of `api_list`. */
export function isToolBenchFile(content: unknown): content is JsonObject {
  return isObject(content) && typeof content.tool_name === "string" && Array.isArray(content.api_list);
}

/** The functions of a ToolBench file in OpenAI's format. The type names are RapidAPI's (STRING, NUMBER, ENUM …). */
export function fromToolBench(file: JsonObject): Json[] {
  const list = Array.isArray(file.api_list) ? file.api_list : [];
  return list.map((api: Json) => {
    if (!isObject(api)) return api;
    const [required, optional] = [parametersOf(api.required_parameters), parametersOf(api.optional_parameters)];
    return {
      ...Object.fromEntries(Object.entries(api).filter(([key]) => resultKeys.includes(key))), // ToolBench has none; users add one
      name: wellFormed(String(api.name)),
      description: String(api.description ?? "").slice(0, 1024),
      parameters: {
        type: "object",
        properties: Object.fromEntries([...required, ...optional]),
        required: required.map(([name]) => name),
      },
    };
  });
}

const rapidTypes: Readonly<Record<string, string>> = {
  NUMBER: "number",
  BOOLEAN: "boolean",
  ARRAY: "array",
  OBJECT: "object",
};

/** Name and schema of each parameter; a type other than number, boolean, array and object becomes text (dates, enums, files). */
function parametersOf(list: Json | undefined): [string, JsonObject][] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((parameter: Json): [string, JsonObject][] => {
    if (!isObject(parameter) || typeof parameter.name !== "string" || parameter.name.trim() === "") return [];
    const type = rapidTypes[String(parameter.type).toUpperCase()] ?? "string";
    const description = String(parameter.description ?? "").trim();
    const schema: JsonObject = { type, ...(description === "" ? {} : { description }) };
    const { default: given } = parameter;
    // quoted defaults of numbers are common in ToolBench; a default of the wrong type would teach wrong calls
    const fits = given !== undefined && given !== "" && given !== null && matchesSchema({ type }, given).length === 0;
    return [[parameter.name.trim(), fits ? { ...schema, default: given } : schema]];
  });
}

const longest = 64;

function wellFormed(name: string): string {
  return name
    .replace(/[^A-Za-z0-9_.-]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, longest);
}

/**
 * Makes names unique: an exact copy of an earlier tool is dropped; a different tool of the same name is renamed to
 * `name_for_toolset` (ToolBench's own scheme), and numbered if that is taken too. Empty toolsets are dropped.
 */
export function withUniqueNames(toolsets: readonly Toolset[]): Toolset[] {
  const texts = new Map<string, Set<string>>();
  const taken = new Set<string>();
  return toolsets.flatMap((toolset) => {
    const tools = toolset.tools.flatMap((tool): ToolSpec[] => {
      const known = texts.get(tool.name) ?? new Set();
      const text = JSON.stringify(tool);
      if (known.has(text)) return [];
      texts.set(tool.name, known.add(text));
      const name = freeName(tool.name, toolset.name, taken);
      taken.add(name);
      return [{ ...tool, name }];
    });
    return tools.length === 0 ? [] : [{ ...toolset, tools }];
  });
}

function freeName(name: string, toolset: string, taken: ReadonlySet<string>): string {
  const longer = `${name}_for_${wellFormed(toolset)}`;
  const cut = (ending: string) => longer.slice(0, longest - ending.length) + ending;
  for (let number = 0; ; number++) {
    const candidate = number === 0 ? name : number === 1 ? cut("") : cut(`_${number}`);
    if (!taken.has(candidate)) return candidate;
  }
}
