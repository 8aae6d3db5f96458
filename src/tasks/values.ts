// When are two values the same, and does a text carry a value? The rules that decide without a model: case, underscores,
// number formats and small number words are forgiven, meaning is not.
import { isObject } from "../json-text.ts";
import type { Json, JsonObject, ToolCall } from "../types.ts";

const numberWords = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
const months = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];

function plain(text: string): string {
  return text
    .toLowerCase()
    .normalize("NFKC")
    .replace(/[_\s]+/g, " ")
    .replace(/[.,!?;]+$/g, "")
    .trim();
}

/** Equality of argument values: numbers as numbers (also "2" and 2), strings without case, underscores and outer punctuation. */
export function sameValue(left: Json, right: Json): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => sameValue(item, right[index] ?? null));
  }
  if (isObject(left) && isObject(right)) {
    const keys = Object.keys(left);
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => key in right && sameValue(left[key] ?? null, right[key] ?? null))
    );
  }
  if (typeof left === "object" || typeof right === "object") return left === right;
  const [a, b] = [plain(String(left)), plain(String(right))];
  if (a === b) return true;
  return a !== "" && b !== "" && Number(a) === Number(b);
}

/** Does a sentence carry the value, as a person would write it? Dates may be spelt out, small numbers be words, units stand close. */
export function carries(text: string, value: Json): boolean {
  const haystack = ` ${words(text)} `;
  return leaves(value).every(
    (leaf) =>
      spellings(leaf).some((spelling) => haystack.includes(spelling)) ||
      // "5kg", "25c"; but the 5th is no 5
      (typeof leaf === "number" && new RegExp(` ${String(leaf).replace(".", "\\.")}(?!st|nd|rd|th)[a-z]{1,3} `).test(haystack)),
  );
}

/** The words of a text: dots and colons stay inside them ("2.5", "10:30") and go where they end a sentence. */
function words(text: string): string {
  return plain(text)
    .replace(/[^\p{L}\p{N}.:/@+-]+/gu, " ")
    .replace(/[.:]+(?= |$)/g, "")
    .trim();
}

/** Share of a result's leaf values that the text carries, 0..1; 1 for a result without values that can be looked for. */
export function carriedShare(text: string, value: Json): number {
  const all = leaves(value).filter((leaf) => spellings(leaf)[0] !== "");
  if (all.length === 0) return 1;
  return all.filter((leaf) => carries(text, leaf)).length / all.length;
}

/** A text that stops short: empty, a single character, or cut at something that must go on. */
export function isCutShort(value: Json): boolean {
  return typeof value === "string" && (value.trim().length < 2 || /[,;:([{/&+-]$/.test(value.trim()));
}

/** How a scalar may be written, in lower case between blanks; one empty spelling where there is nothing to look for. */
export function spellings(leaf: Json): string[] {
  if (typeof leaf === "boolean" || leaf === null) return [""]; // said in too many ways to check
  const text = words(String(leaf));
  if (text === "") return [""]; // nothing to look for
  const forms = [` ${text} `];
  if (typeof leaf === "number") {
    forms.push(` ${leaf.toFixed(2)} `, ` ${leaf.toLocaleString("en-US").replace(/,/g, " ")} `);
    const word = numberWords[leaf];
    if (word !== undefined) forms.push(` ${word} `);
  }
  const date = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (date) {
    const [month, day] = [months[Number(date[2]) - 1] ?? "", Number(date[3])];
    for (const suffix of ["", "st", "nd", "rd", "th"])
      forms.push(` ${month} ${day}${suffix} `, ` ${day}${suffix} ${month} `, ` ${day}${suffix} of ${month} `);
  }
  return forms;
}

/** Scalars of a value, in order. */
export function leaves(value: Json): Json[] {
  if (Array.isArray(value)) return value.flatMap(leaves);
  if (isObject(value)) return Object.values(value).flatMap(leaves);
  return [value];
}

/** Share of the expected arguments that are there with the right value; an extra argument counts as a wrong one. 0..1. */
export function rightArguments(expected: JsonObject, made: JsonObject): number {
  const names = new Set([...Object.keys(expected), ...Object.keys(made)]);
  if (names.size === 0) return 1;
  let right = 0;
  for (const name of names) {
    const [wanted, given] = [expected[name], made[name]];
    if (wanted !== undefined && given !== undefined && sameValue(wanted, given)) right++;
  }
  return right / names.size;
}

/** The same tool with the same argument values. */
export function isSameCall(left: ToolCall, right: ToolCall): boolean {
  return left.name === right.name && rightArguments(left.arguments, right.arguments) === 1;
}

/** "check_in_date" as a person says it. */
export function spoken(name: string): string {
  return name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/[_.-]+/g, " ")
    .toLowerCase()
    .trim();
}

/** A value as a person says it. */
export function spokenValue(value: Json): string {
  if (Array.isArray(value)) return value.map(spokenValue).join(" and ");
  if (isObject(value))
    return Object.entries(value)
      .map(([key, item]) => `${spoken(key)} ${spokenValue(item)}`)
      .join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value.replace(/_/g, " ") : String(value);
}
