// What people call things: the names of tools, arguments and values in plain words, and what a tool is for. Pure.
import type { Json, ToolSpec } from "../../types.ts";
import { isObject } from "../json.ts";

/** The part of a tool's name that says what it does: "get_forecast" of "weather.get_forecast". */
export function actionOf(tool: string): string {
  return tool.slice(tool.lastIndexOf(".") + 1);
}

/** A name in plain words: "check_in_date" -> "check in date". */
export function spoken(name: string): string {
  return name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/[_.-]+/g, " ")
    .toLowerCase()
    .trim();
}

/** A word without the ending that makes it a noun or a participle: with other endings people say the same ("delivery", "delivered"). */
export function rootOf(word: string): string {
  return word.replace(/(?<=\p{L}{5})(?:ation|ure|al|y)$/u, "");
}

/** The first clause of a tool's purpose. */
export function mainPurpose(tool: ToolSpec): string {
  const [clause = ""] = purpose(tool).split(/[,;:]\s/);
  return clause;
}

/** The purpose of a tool, as part of a sentence: what the first sentence of its description says, or without one its name. */
export function purpose({ name, description }: ToolSpec): string {
  // of a docstring the text before its sections: "Args:"
  const [about = ""] = description.trim().split(/\n\s*\n|\n\s*[A-Z]\w*:\s*\n/);
  const [first = ""] = about.replace(/\s+/g, " ").split(/(?<=[a-z)]\.)\s(?=[A-Z])/);
  const text = first.replace(/\.$/, "") || spoken(actionOf(name));
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

/** A name that people do not say: with an underscore, a dot or an inner capital. "search" may occur in any sentence. */
const unspoken = /[_.]|[a-z][A-Z]/;

/** The name of a tool that a text gives away, or null. */
export function namedTool(text: string, tools: readonly ToolSpec[]): string | null {
  const found = tools.find(
    // tool names contain no other character that is special in a pattern
    ({ name }) => unspoken.test(name) && new RegExp(`(?<!\\w)${name.replaceAll(".", "\\.")}(?!\\w)`, "i").test(text),
  );
  return found?.name ?? null;
}

/** Words joined by underscores, as listed values are; no e-mail address, no link, no file. */
const joined = /^[\p{L}\p{N}]+(?:_[\p{L}\p{N}]+)+$/u;

/** A value in plain words. */
export function spokenValue(value: Json): string {
  if (Array.isArray(value)) return value.map(spokenValue).join(" and ");
  if (isObject(value))
    return Object.entries(value)
      .map(([key, item]) => `${spoken(key)} ${spokenValue(item)}`)
      .join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "string") return String(value);
  if (joined.test(value)) return value.replace(/_/g, " ");
  const isSign = value.trim() !== "" && !/[\p{L}\p{N}]/u.test(value);
  return isSign ? `"${value}"` : value;
}
