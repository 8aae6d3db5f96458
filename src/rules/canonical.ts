// The canonical form of a call: two calls have one form where isSameCall (values.ts) takes them for the same, whatever the order of
// their arguments, the case of free text and the defaults that they name. Calls in this form are keys: of the memory of tools, in
// the store. Pure. Sameness itself is not transitive in one place, where neither type nor listed value says what is meant: "2" and
// "2.0" are two texts, and both are the number 2. Where a number may stand, the form takes both for it.
import type { Json, JsonObject, ToolCall, ToolSpec } from "../types.ts";
import { isReading } from "./journal.ts";
import { isObject } from "./json.ts";
import { decimalOf } from "./language/numerals.ts";
import { type Branches, branchesOf, isListed, within } from "./listed.ts";
import { comparable, foldedCase, leftOutAs, plainDigits } from "./values.ts";

/** The schema of the called tool in `tools` gives listed values and defaults. */
export function canonicalCall({ name, arguments: given }: ToolCall, tools: readonly ToolSpec[] = []): string {
  const parameters = tools.find((tool) => tool.name === name)?.parameters ?? {};
  return `${name}${membersForm(branchesOf(parameters), given)}`;
}

/** What the calls so far may have changed: those of tools that do not only read, in order. @param reads as in repeatedFact (journal.ts) */
export function canonicalState(
  calls: readonly ToolCall[],
  tools: readonly ToolSpec[] = [],
  reads: (tool: string) => boolean = isReading,
): readonly string[] {
  return calls.filter(({ name }) => !reads(name)).map((call) => canonicalCall(call, tools));
}

/** An object without the members that are as good as left out. */
function membersForm(place: Branches, object: JsonObject): string {
  const forms = Object.entries(object).flatMap(([key, value]) => {
    const [own, unsaid] = [within(place, key), leftOutAs(place, key)];
    const form = formAt(own, value);
    return unsaid !== undefined && (value === null || form === formAt(own, unsaid)) ? [] : [[key, form] as const];
  });
  const sorted = forms.toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${sorted.map(([key, form]) => `${JSON.stringify(key)}:${form}`).join(",")}}`;
}

function formAt(place: Branches, value: Json): string {
  if (Array.isArray(value)) return `[${value.map((item, index) => formAt(within(place, index), item)).join(",")}]`;
  if (isObject(value)) return membersForm(place, value);
  if (value === null) return "null";
  if (typeof value === "number") return JSON.stringify(decimalOf(value));
  // a listed text is itself alone: it has a form that no free text has
  if (typeof value === "string" && isListed(place, value)) return `=${JSON.stringify(value)}`;
  const digits = typeof value === "string" && mayBeNumber(place) ? plainDigits(value) : null;
  return JSON.stringify(digits ?? (typeof value === "string" ? comparable(place, value) : foldedCase(String(value))));
}

/** True unless a schema of the place gives types, none of them a number. */
function mayBeNumber(place: Branches): boolean {
  const types = place.flatMap(({ type }) => (type === undefined ? [] : Array.isArray(type) ? type : [type]));
  return types.length === 0 || types.includes("number") || types.includes("integer");
}
