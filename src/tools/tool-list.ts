// The functions that a JSON value holds as a list: bare, in any known wrapper, or in the rows of a data set. Pure.
import { isObject, jsonOf } from "../rules/json.ts";
import type { Json, JsonObject } from "../types.ts";
import type { RawToolset } from "./tool-tree.ts";

/** Keys that wrap a list of tools. */
const envelopes = ["tools", "functions", "functionDeclarations", "function_declarations"];

/** The items of a list or a wrapped list, or a single tool or row; null for anything else. */
export function listOf(content: Json): readonly Json[] | null {
  if (Array.isArray(content)) {
    const inside = content.map((item: Json) => inMessage(item) ?? inEnvelope(item));
    const items = inside.flatMap((inner, index) => inner ?? content.slice(index, index + 1));
    return inside.every((inner) => inner === null) ? items : withoutCopies(items);
  }
  if (!isObject(content)) return null;
  if (isObject(content.result)) return listOf(content.result);
  if (toolsOfRow(content) !== null && isRow(content)) return [content];
  return inEnvelope(content) ?? (typeof content.name === "string" || isObject(content.function) ? [content] : null);
}

/** Logs list the same tools again: after a reconnect, in every request. */
function withoutCopies(items: readonly Json[]): Json[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

/** The tools in a message of JSON-RPC, as MCP logs them: none in a request or another answer; null: it is no message. */
function inMessage(item: Json): readonly Json[] | null {
  if (!isObject(item) || item.jsonrpc === undefined) return null;
  return isObject(item.result) ? (listOf(item.result) ?? []) : [];
}

/** The tools in a wrapper, which may have a name and more of its own: a server, an assistant. */
function inEnvelope(item: Json): readonly Json[] | null {
  if (!isObject(item) || isRow(item)) return null;
  const lists = envelopes.map((key) => item[key]).filter((list) => Array.isArray(list));
  return lists.length === 0 ? null : (lists.flat() as Json[]).flatMap((inner) => inEnvelope(inner) ?? [inner]);
}

/** A data set's row has more than its tools: a question, messages, answers. */
function isRow(item: JsonObject): boolean {
  return ["question", "query", "messages", "conversations", "prompt", "answers"].some((key) => item[key] !== undefined);
}

/** The tools of a row; some data sets keep them as JSON text. */
export function toolsOfRow(item: Json): readonly Json[] | null {
  if (!isObject(item) || !isRow(item)) return null;
  const given = item.function ?? item.functions ?? item.tools;
  const list = typeof given === "string" ? jsonOf(given) : given;
  return Array.isArray(list) ? list : null;
}

/** Whether these are rows of a data set. A row without tools is one too. */
export function areRows(items: readonly Json[]): boolean {
  return items.every((item) => isObject(item) && isRow(item)) && items.some((item) => toolsOfRow(item) !== null);
}

export function rowToolset(row: Json, index: number): RawToolset {
  const id = isObject(row) && (typeof row.id === "string" || typeof row.id === "number") ? String(row.id) : `row-${index + 1}`;
  const domain = isObject(row) && "question" in row ? "bfcl" : "rows";
  return { domain, name: id, items: toolsOfRow(row) ?? [] };
}
