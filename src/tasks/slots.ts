// The values that a text must say, as slots of its grammar (sentence.ts): one for each scalar or plain list, with the forms in
// which a person says it. A yes or no is said by its name or by denying it, which no rule reads back.

import type { Draws } from "../rng.ts";
import { isObject } from "../rules/json.ts";
import { spokenForms } from "../rules/language/forms.ts";
import { carries } from "../rules/language/said.ts";
import { spoken } from "../rules/language/spoken.ts";
import { type Branches, branchesOf, within } from "../rules/listed.ts";
import type { Json, JsonObject, JsonSchema } from "../types.ts";

export interface Slot {
  /** Of the value, in plain words: "check in date". */
  readonly name: string;
  /** The value as a person says it: one of these. Not empty. */
  readonly forms: readonly string[];
  /** Of a number, where its schema names one: "hours". */
  readonly unit?: string;
}

/** The slots of an object's members; their schemas name the units of numbers, and say which texts have a form that is known. */
export function slotsOfAll(values: JsonObject, schema: JsonSchema = {}): readonly Slot[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const own = within(branchesOf(schema), name);
    const unit = typeof value === "number" ? own.map(({ description }) => description).find(isText) : undefined;
    // a longer text explains the number
    const short = unit !== undefined && unit.length <= 16 ? { unit } : {};
    return slotsOf(name, value, own).map((slot) => ({ ...slot, ...short }));
  });
}

const isText = (value: Json | undefined) => typeof value === "string";

/** Whether a schema says in which form it takes a text, so that it can be said in another one: "6 PM" for HH:MM. */
function hasKnownForm(place: Branches): boolean {
  return place.some(
    ({ format, pattern, description }) =>
      isText(format) || isText(pattern) || (isText(description) && /\bYYYY\b|\bHH\b|ISO.?8601|RFC.?3339/i.test(description)),
  );
}

/** A detail for a question, in one of its forms: "length (hours): 2". */
export function detailOf({ name, forms, unit }: Slot, random: Draws): string {
  return `${name}${unit === undefined ? "" : ` (${unit})`}: ${random.pick(forms)}`;
}

/** The slots of a named value, in its order; none for null and for texts without words. A key that no schema names is said too. */
function slotsOf(name: string, value: Json, place: Branches): readonly Slot[] {
  if (isObject(value))
    return Object.entries(value).flatMap(([key, one]) => {
      const isNamed = place.some(({ properties }) => isObject(properties) && Object.hasOwn(properties, key));
      // a yes or no is said by its key anyway
      if (isNamed || typeof one === "boolean") return slotsOf(`${name} ${key}`.trim(), one, within(place, key));
      const slots = slotsOf(name, one, within(place, key));
      return slots.map((slot) => ({ ...slot, forms: slot.forms.map((form) => `${key}: ${form}`) }));
    });
  if (Array.isArray(value) && value.some((one) => typeof one === "object"))
    return value.flatMap((one: Json, at) => slotsOf(name, one, within(place, at)));
  const forms = formsOf(name, value, place);
  return forms.length === 0 ? [] : [{ name: spoken(name), forms }];
}

function formsOf(name: string, value: Json, place: Branches): readonly string[] {
  if (typeof value === "string") return spokenForms(value, !hasKnownForm(place));
  if (typeof value === "number") return spokenForms(value);
  if (typeof value === "boolean") return booleanForms(name, value);
  if (!Array.isArray(value)) return [];
  const plain = value.flatMap((one: Json) =>
    typeof one === "string" || typeof one === "number" ? spokenForms(one).slice(0, 1) : [],
  );
  const [first, last] = [plain.slice(0, -1).join(", "), plain.at(-1)];
  const serial = plain.length > 2 ? [`${first}, and ${last}`] : [];
  const listed = plain.length < 2 ? plain : [`${first} and ${last}`, ...serial];
  return listed.filter((form) => carries(form, value));
}

function booleanForms(name: string, value: boolean): string[] {
  const stem = stemOf(name);
  return value ? [stem] : denials.map((denial) => `${denial} ${stem}`);
}

const denials = ["no", "not", "without"] as const;

/** How a yes or no is named: "needs_break_room" -> "break room". */
export function stemOf(name: string): string {
  return spoken(name).replace(/^(is|has|have|needs?|includes?|with|anyone) /, "");
}

/** False if a text denies what is true, or the other way round; for other values than yes and no it is true. */
export function agrees(text: string, name: string, value: Json): boolean {
  if (isObject(value)) return Object.entries(value).every(([key, one]) => agrees(text, `${name} ${key}`.trim(), one));
  if (typeof value !== "boolean") return true;
  const said = text.toLowerCase();
  const stem = stemOf(name);
  const denied = [...denials, "isn't", "aren't", "don't need", "don't want"].some((denial) => said.includes(`${denial} ${stem}`));
  return said.includes(stem) && (denied || said.includes(`${stem}: no`)) !== value;
}
