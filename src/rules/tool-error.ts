// When does a tool's result say that the call was not carried out? One reader for the world and for all who read episodes.
import type { Json, ToolSpec } from "../types.ts";
import { isObject, own } from "./json.ts";

/**
 * An object whose only field is `error`: a tool may also declare a field of that name among others. A tool that declares no result
 * also reports an error beside other fields, as in `{"error": "not found", "code": 404}`.
 */
export function isError(result: Json, tool: Pick<ToolSpec, "returns"> | undefined): boolean {
  if (!isObject(result)) return false;
  return tool?.returns === undefined ? Boolean(own(result, "error")) : Object.keys(result).join() === "error";
}
