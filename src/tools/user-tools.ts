// The user's own tools: a file or a folder -> toolsets. The format of a file is recognised by its content, not its name: lists
// of functions or rows of a data set (tool-list.ts), a tree of tools or ToolBench's tool files (tool-tree.ts). Every
// function passes the same check (tool-spec.ts): it can be played, or one sentence says why not.
import { basename, dirname, parse, resolve } from "node:path";
import { PlayactError } from "../errors.ts";
import type { Json, ToolSpec, Toolset } from "../types.ts";
import { fromFunctionDoc, isFunctionDoc } from "./bfcl.ts";
import { contentOf, jsonFilesOf, statsOf } from "./tool-files.ts";
import { areRows, listOf, rowToolset } from "./tool-list.ts";
import { fault, kindOf, toolOf, unwrapped } from "./tool-spec.ts";
import { fromToolBench, isToolBenchFile, isTree, type RawToolset, treeToolsets, withUniqueNames } from "./tool-tree.ts";
import { fromParameterMap, isParameterMap } from "./xlam.ts";

const caps = { listed: 2000, inTree: 50_000, toolsetSize: 8 } as const;

/** The accepted formats, for an error message. */
const shapes =
  'a list of tools, {"tools": […]}, JSON Lines of tools or of rows with tools, a tree {"domain": {"toolset": […]}} or a ToolBench file with "api_list"';

export interface ToolsOptions {
  /** If given, tools that cannot be played, and files of a folder that cannot be read as tools, are left out; it gets the messages. */
  readonly leftOut?: (sentence: string) => void;
}

/**
 * Reads the tools of a file or of every JSON or JSON Lines file below a folder. A file may hold
 * - a list of functions in the format of OpenAI, MCP, Anthropic or Google, bare or in a wrapper (`tools`, `functions`,
 *   `functionDeclarations`, a JSON-RPC `result`); the result's schema under `returns`, `x-returns` or `outputSchema`;
 * - BFCL function docs, or rows of a data set with their `function`, `functions` or `tools`, as a list or one per line;
 * - a tree `{"domain": {"toolset": [functions]}}`, or a ToolBench tool file (`tool_name`, `api_list`).
 * In a folder each file is a toolset; its domain is the name of the folder it is in.
 * @throws PlayactError("tools") that names the file and the tool, what is needed, what was found and what to do
 */
export function userTools(path: string, options: ToolsOptions = {}): Toolset[] {
  if (!statsOf(path).isDirectory()) {
    const found = foundIn(path, "user", null);
    const toolsets = checked(found, path, options);
    return withUniqueNames(found[0]?.isList ? toolsets.flatMap(inGroups) : toolsets);
  }
  const found = jsonFilesOf(path).flatMap((file): readonly FoundToolset[] => {
    try {
      return foundIn(file, basename(dirname(resolve(file))), parse(file).name);
    } catch (thrown) {
      if (!(thrown instanceof PlayactError) || options.leftOut === undefined) throw thrown;
      options.leftOut(thrown.message);
      return [];
    }
  });
  const files = new Map<string, Toolset[]>();
  for (const [at, toolset] of checked(found, path, options).entries()) {
    const file = found[at]?.path ?? path;
    files.set(file, [...(files.get(file) ?? []), toolset]);
  }
  return withUniqueNames([...files.values()].flatMap(withUniqueNames));
}

/** Toolsets of another source, named by `place`, checked like a file's. Throws likewise. */
export function checkedTools(toolsets: readonly Toolset[], place: string, options: ToolsOptions = {}): Toolset[] {
  const raw = toolsets.map(({ domain, name, tools }) => ({
    ...{ domain, name, items: tools.map((tool) => ({ ...tool })) },
    ...{ path: place, isList: false },
  }));
  return withUniqueNames(checked(raw, place, options));
}

/** A toolset as a file has it, unchecked. */
interface FoundToolset extends RawToolset {
  readonly path: string;
  /** A flat list of tools, each with a name of its own. */
  readonly isList: boolean;
}

/** The toolsets of one file. `toolset`: the name of a flat list's, where the file is one of a folder. */
function foundIn(path: string, domain: string, toolset: string | null): readonly FoundToolset[] {
  const content = contentOf(path);
  const found = (toolsets: readonly RawToolset[]) => toolsets.map((one) => ({ ...one, path, isList: false }));
  if (isTree(content)) return found(treeToolsets(content));
  if (isToolBenchFile(content)) return found([{ domain, name: String(content.tool_name), items: fromToolBench(content) }]);
  const items = listOf(content) ?? missing(path, content);
  if (items.length === 0)
    throw fault(path, { who: "the file", expected: "at least one tool", came: "an empty list", todo: "add a tool" });
  if (areRows(items)) return found(items.map(rowToolset).filter((row) => row.items.length > 0));
  if (items.length > caps.listed)
    throw fault(path, {
      who: "the file",
      expected: `at most ${caps.listed} tools`,
      came: `${items.length}`,
      todo: "split the file",
    });
  return [{ domain, name: toolset ?? "", items, path, isList: true }];
}

/** A flat list in toolsets of tools that belong together. */
function inGroups({ domain, tools }: Toolset): readonly Toolset[] {
  return grouped(tools).map((members, index) => ({ domain, name: `tools-${index + 1}`, tools: members }));
}

/** The toolsets of a file or folder with every function checked; those that are left out are reported. */
function checked(toolsets: readonly FoundToolset[], address: string, { leftOut }: ToolsOptions): Toolset[] {
  const count = toolsets.reduce((sum, { items }) => sum + items.length, 0);
  if (count === 0)
    throw fault(address, { who: "the file", expected: "at least one tool", came: "none in any toolset", todo: "add a tool" });
  if (count > caps.inTree)
    throw fault(address, { who: "the file", expected: `at most ${caps.inTree} tools`, came: `${count}`, todo: "split the file" });
  const inFile = new Map<string, number>();
  for (const { path } of toolsets) inFile.set(path, (inFile.get(path) ?? 0) + 1);
  const read = toolsets.map(({ domain, name, items, path, isList }) => {
    const isAlone = inFile.get(path) === 1;
    const tools = items.flatMap((item, index): ToolSpec[] => {
      const place = `tool number ${index + 1}${isAlone ? "" : ` of ${domain}/${name}`}`;
      try {
        return [toolOf(inOneFormat(item), place, path, null)];
      } catch (thrown) {
        if (!(thrown instanceof PlayactError) || count === 1) throw thrown;
        const { boundary, message } = thrown;
        if (leftOut === undefined)
          throw new PlayactError(boundary, `${message} (--skip-bad-tools leaves out such tools.)`, { cause: thrown });
        leftOut(message);
        return [];
      }
    });
    if (isList) refuseDuplicates(tools, path);
    return { domain, name, tools };
  });
  if (read.every(({ tools }) => tools.length === 0))
    throw fault(address, {
      who: "the file",
      expected: "at least one tool that can be played",
      came: "none",
      todo: "correct at least one",
    });
  return read;
}

/** A function of a data set with a format of its own, in the format of the others. */
function inOneFormat(wrapped: Json): Json {
  const item = unwrapped(wrapped);
  if (isFunctionDoc(item)) return fromFunctionDoc(item);
  return isParameterMap(item) ? fromParameterMap(item) : item;
}

function refuseDuplicates(tools: readonly ToolSpec[], path: string): void {
  const seen = new Set<string>();
  for (const { name } of tools) {
    if (seen.has(name))
      throw fault(path, {
        who: `the tool "${name}"`,
        expected: "a unique name",
        came: "a name that is used twice",
        todo: "rename one",
      });
    seen.add(name);
  }
}

function missing(path: string, content: Json): never {
  throw fault(path, {
    who: "the file",
    expected: shapes,
    came: kindOf(content),
    todo: "export the tools in one of these shapes",
  });
}

/** Groups tools that share a prefix (`github_…`); the others keep the order of the file. Up to 8 per toolset. */
function grouped(tools: readonly ToolSpec[]): (readonly ToolSpec[])[] {
  const groups = new Map<string, ToolSpec[]>();
  for (const tool of tools) {
    const prefix = prefixOf(tool.name);
    groups.set(prefix, [...(groups.get(prefix) ?? []), tool]);
  }
  const shared = [...groups].filter(([prefix, members]) => prefix !== "" && members.length > 1);
  const single = tools.filter((tool) => !shared.some(([, members]) => members.includes(tool)));
  return [...shared.map(([, members]) => members), single].flatMap(chunked);
}

/** Verbs at the start of a name, which do not show that tools belong together. */
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
