// The user's own tools: a file or a folder -> toolsets. What a file holds is told by its shape, not its name: OpenAI's
// tools, BFCL's function docs (bfcl.ts), a tree of tools or ToolBench's tool files (tool-tree.ts). Every function passes
// the same check (tool-spec.ts). MCP and OpenAPI have importers of their own that write OpenAI's format.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { describe } from "../errors.ts";
import type { Json, ToolSpec, Toolset } from "../types.ts";
import { fromFunctionDoc, isFunctionDoc, isTestRow } from "./bfcl.ts";
import { fault, kindOf, toolOf } from "./tool-spec.ts";
import { fromToolBench, isToolBenchFile, isTree, type RawToolset, toldApart, treeToolsets } from "./tool-tree.ts";

const caps = { fileBytes: 64_000_000, listed: 2000, inTree: 50_000, toolsetSize: 8 } as const;

/** The shapes, as an error names them. */
const shapes =
  'a list of tools, {"tools": […]}, JSON Lines of BFCL function docs, a tree {"domain": {"toolset": […]}} or a ToolBench file with "api_list"';

/**
 * Reads the tools of a file or of every JSON file below a folder. A file may hold
 * - a list of functions in OpenAI's format, wrapped or bare, or `{"tools": […]}`; the schema of a result stands under
 *   `returns` or `x-returns`;
 * - BFCL function docs or test rows, as a list or one a line;
 * - a tree `{"domain": {"toolset": [functions]}}`, or ToolBench's file of one tool (`tool_name`, `api_list`).
 * In a folder each file is a toolset, its domain the folder it lies in.
 * @throws PlayactError("tools") that names the file, the tool, what was expected, what came and what to do
 */
export function userTools(path: string): Toolset[] {
  const files = statsOf(path).isDirectory() ? jsonFilesOf(path) : null;
  if (files === null) return toolsetsOf(path, "user", null);
  return toldApart(files.flatMap((file) => toolsetsOf(file, basename(dirname(resolve(file))), basename(file, ".json"))));
}

/** The toolsets of one file; `toolset` is null for a file by itself, whose flat list is grouped by the tools' names. */
function toolsetsOf(path: string, domain: string, toolset: string | null): Toolset[] {
  const content = contentOf(path);
  if (isTree(content)) return checked(treeToolsets(content), path);
  if (isToolBenchFile(content))
    return checked([{ domain, name: String(content.tool_name), items: fromToolBench(content) }], path);
  const items = listOf(content, path);
  if (items.every(isTestRow))
    return checked(
      items.map((row) => ({ domain: "bfcl", name: row.id, items: row.function.map(translated) })),
      path,
    );
  const tools = items.map((item, index) => toolOf(translated(item), `tool number ${index + 1}`, path));
  refuseTwins(tools, path);
  if (toolset !== null) return [{ domain, name: toolset, tools }];
  return grouped(tools).map((members, index) => ({ domain, name: `tools-${index + 1}`, tools: members }));
}

function translated(item: Json): Json {
  return isFunctionDoc(item) ? fromFunctionDoc(item) : item;
}

function checked(toolsets: readonly RawToolset[], path: string): Toolset[] {
  const count = toolsets.reduce((sum, { items }) => sum + items.length, 0);
  if (count === 0) throw fault(path, "the file", "at least one tool", "none in any toolset", "add a tool");
  if (count > caps.inTree) throw fault(path, "the file", `at most ${caps.inTree} tools`, `${count}`, "split the file");
  return toldApart(
    toolsets.map(({ domain, name, items }) => ({
      domain,
      name,
      tools: items.map((item, index) => toolOf(item, `tool number ${index + 1} of ${domain}/${name}`, path)),
    })),
  );
}

function refuseTwins(tools: readonly ToolSpec[], path: string): void {
  const seen = new Set<string>();
  for (const { name } of tools) {
    if (seen.has(name))
      throw fault(path, `the tool "${name}"`, "a name of its own for each tool", "the same name twice", "rename one");
    seen.add(name);
  }
}

function listOf(content: Json, path: string): readonly Json[] {
  const holder = z.object({ tools: z.array(z.json()) }).safeParse(content);
  const items: readonly Json[] | undefined = Array.isArray(content) ? content : holder.data?.tools;
  if (items === undefined) throw fault(path, "the file", shapes, kindOf(content), "export the tools in one of these shapes");
  if (items.length === 0) throw fault(path, "the file", "at least one tool", "an empty list", "add a tool");
  if (items.length > caps.listed) {
    throw fault(path, "the file", `at most ${caps.listed} tools`, `${items.length}`, "split the file");
  }
  return items;
}

function statsOf(path: string) {
  try {
    return statSync(path);
  } catch (thrown) {
    throw fault(path, "the file", "a readable JSON file", describe(thrown), "check the path (config tasks.tools)", thrown);
  }
}

/** The JSON files of a folder and of the folders directly in it, by name. */
function jsonFilesOf(folder: string): string[] {
  const below = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  const jsonIn = (inner: string) =>
    readdirSync(inner)
      .filter((name) => name.endsWith(".json"))
      .sort()
      .map((name) => join(inner, name));
  const files = [
    ...jsonIn(folder),
    ...below.filter((entry) => entry.isDirectory()).flatMap(({ name }) => jsonIn(join(folder, name))),
  ];
  if (files.length === 0)
    throw fault(
      folder,
      "the folder",
      "JSON files of tools, in it or one folder below",
      "none",
      "check the path (config tasks.tools)",
    );
  return files;
}

function contentOf(path: string): Json {
  const { size } = statsOf(path);
  if (size > caps.fileBytes) throw fault(path, "the file", `at most ${caps.fileBytes} bytes`, `${size} bytes`, "split the file");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    throw fault(path, "the file", "a readable JSON file", describe(thrown), "check the path (config tasks.tools)", thrown);
  }
  try {
    return JSON.parse(text) as Json; // JSON.parse yields nothing else
  } catch (thrown) {
    const lines = jsonLines(text);
    if (lines !== null) return lines;
    throw fault(path, "the file", "JSON", describe(thrown), "correct the file", thrown);
  }
}

/** One JSON value a line, two lines at least; null where a line is none. */
function jsonLines(text: string): Json[] | null {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length < 2) return null;
  try {
    return lines.map((line) => JSON.parse(line) as Json); // as above
  } catch {
    return null;
  }
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
