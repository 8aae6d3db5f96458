// The values that a text must say, as slots of its grammar (sentence.ts): one for each scalar or plain list, with the forms in
// which a person says it. A yes or no is said by its name or by denying it, which no rule reads back.
import { carries } from "../rules/language/said.ts";
import { spokenForms } from "../rules/language/forms.ts";
import { isObject } from "../rules/json.ts";
import { spoken } from "../rules/values.ts";
import type { Json } from "../types.ts";

export interface Slot {
  /** Of the value, in plain words: "check in date". */
  readonly name: string;
  /** The value as a person says it: one of these. Not empty. */
  readonly forms: readonly string[];
}

/** The slots of a named value, in its order; none for null and for texts without words. */
export function slotsOf(name: string, value: Json): readonly Slot[] {
  if (isObject(value)) return Object.entries(value).flatMap(([key, one]) => slotsOf(`${name} ${key}`.trim(), one));
  if (Array.isArray(value) && value.some((one) => typeof one === "object"))
    return value.flatMap((one: Json) => slotsOf(name, one));
  const forms = formsOf(name, value);
  return forms.length === 0 ? [] : [{ name: spoken(name), forms }];
}

function formsOf(name: string, value: Json): readonly string[] {
  if (typeof value === "string" || typeof value === "number") return spokenForms(value);
  if (typeof value === "boolean") return booleanForms(spoken(name), value);
  if (!Array.isArray(value)) return [];
  const plain = value.flatMap((one: Json) => (typeof one === "string" || typeof one === "number" ? spokenForms(one).slice(0, 1) : []));
  const listed = plain.length < 2 ? plain : [`${plain.slice(0, -1).join(", ")} and ${plain.at(-1)}`];
  return listed.filter((form) => carries(form, value));
}

function booleanForms(name: string, value: boolean): string[] {
  const stem = name.replace(/^(is|has|have|needs?|includes?|with|anyone) /, "");
  return value ? [stem] : [`no ${stem}`, `not ${stem}`, `without ${stem}`];
}
