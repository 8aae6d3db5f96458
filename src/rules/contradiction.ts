// Does a tool's result deny what is known? Three rules, pure, and silent wherever they could be wrong: a false alarm would
// blame the world for being right. Known is what the call says (echo), what tools stated before about the same id (changed)
// and what multiplies (total). A rule speaks only where the right value is known and the tool's own schema allows it, so that
// every contradiction could have been avoided. Free text is never compared: two wordings of one thing look like two things.
// Departs from the papers, which trust the simulator; an id that the agent invented is no contradiction (journal.ts).

import type { Json, JsonObject, ToolCall, ToolSpec } from "../types.ts";
import { entityOf, type Fact, isIdName, isReading, type Statement, statements } from "./journal.ts";
import { isObject, own } from "./json.ts";
import { matchesSchema } from "./validate.ts";
import { isSameCall, sameValue, spoken } from "./values.ts";

export interface Contradiction {
  readonly kind: "echo" | "changed" | "total";
  /** Field of the result, and the value that it must have. */
  readonly field: string;
  readonly right: string | number;
  /** What is wrong, in a few words. */
  readonly text: string;
}

type Scalar = string | number;

/** All fields of `result` that deny what is known; empty for a result that is no object. */
export function contradictions(call: ToolCall, result: Json, tool: ToolSpec, journal: readonly Fact[]): Contradiction[] {
  if (!isObject(result)) return [];
  const found = [...echoes(call, result, tool), ...changes(call, result, journal), ...totals(call, result, journal)];
  return found.filter(({ field, right }) => matchesSchema(tool.returns ?? {}, { ...result, [field]: right }).length === 0);
}

/** Why a reply cannot stand, as `ask` takes it; null where nothing speaks against it. */
export function contradicted(
  call: ToolCall,
  result: Json,
  tool: ToolSpec,
  journal: readonly Fact[],
): { readonly reason: string; readonly code: "contradiction" } | null {
  const [first] = contradictions(call, result, tool, journal);
  return first ? { reason: `contradicts what is known: ${first.text}`, code: "contradiction" } : null;
}

/** The result with these fields put right, for what is written by rule: a blueprint, or a reply that could not know it. */
export function putRight(result: Json, wrong: readonly Contradiction[]): Json {
  if (!isObject(result) || wrong.length === 0) return result;
  return { ...result, ...Object.fromEntries(wrong.map(({ field, right }) => [field, right])) };
}

/** Verbs that are told an old value and answer with a new one, or the other way round. */
const shifting =
  /^(adapt|adjust|change|convert|correct|delay|exchange|extend|modify|move|postpone|renew|replace|reschedule|set|shift|swap|update)/i;
/** How many persons or nights: a tool that says another number serves other persons. Amounts and stock may well differ. */
const heads =
  /^(number_of_)?(adults|attendees|children|guests|nights|participants|passengers|people|persons|riders|travell?ers|visitors)$/;
const date = /^\d{4}-\d{2}-\d{2}$/;
const clock = /^\d{2}:\d{2}$/;

/** A result that repeats an argument with another value: an id (of a tool that only reads), a date, a head count, an option. */
function echoes(call: ToolCall, result: JsonObject, tool: ToolSpec): Contradiction[] {
  if (shifting.test(call.name)) return [];
  return Object.entries(call.arguments).flatMap(([field, said]) => {
    const repeated = own(result, field);
    if (!isScalar(said) || !isScalar(repeated) || sameValue(said, repeated)) return [];
    const decided =
      (isIdName(field) && isReading(call.name)) ||
      (date.test(String(said)) && date.test(String(repeated))) ||
      (heads.test(field) && typeof said === "number" && typeof repeated === "number") ||
      (!passing.test(field) && sameOptions(field, tool));
    return decided
      ? [{ kind: "echo", field, right: said, text: `${field} is ${repeated} where the call says ${said}` } as const]
      : [];
  });
}

/** The argument and the result are chosen from the same options. */
function sameOptions(field: string, { parameters, returns }: ToolSpec): boolean {
  const [taken, given] = [parameters, returns].map((schema) => {
    const named = isObject(schema?.properties) ? own(schema.properties, field) : undefined;
    return isObject(named) && Array.isArray(named.enum) ? named.enum.map(String).sort() : null;
  });
  return taken !== null && taken !== undefined && JSON.stringify(taken) === JSON.stringify(given);
}

/** Fields that a world changes by itself, between two looks. */
const passing =
  /(^|_)(age|available|average|away|balance|battery|count|current|delay|done|free|last|left|level|mode|next|now|open|percent|phase|place|position|queue|rank|rating|remaining|score|seats|stage|stars|state|status|step|stock|temperature|until|updated|views|visits|waiting)(_|$)/;
/** Arguments or fields that decide in which measure a number is given. */
const measure = /currency|unit$|format|language|locale/;

/** A number, date or time that an earlier call stated otherwise about the same id, and nothing has changed since. */
function changes(call: ToolCall, result: JsonObject, journal: readonly Fact[]): Contradiction[] {
  if (!isReading(call.name)) return [];
  const lastChange = journal.findLastIndex((fact) => !isReading(fact.name));
  const before = journal.flatMap(statements);
  const now: Fact = { name: call.name, arguments: call.arguments, result };
  const isComparable = (old: Statement, statement: Statement) => {
    const fact = journal[old.call];
    // what a changing call says is its outcome, except about a thing that it made
    const stands = old.call > lastChange || (old.call === lastChange && old.introduced);
    const alike = fact?.name === now.name || (fact && isAboutThing(fact, old) && isAboutThing(now, statement));
    return old.field === statement.field && stands && alike && askedAlike(fact, now);
  };
  return statements(now, journal.length)
    .filter(({ field, value }) => result[field] === value && !passing.test(field) && hasForm(value))
    .flatMap((statement) => {
      const old = before.findLast((one) => one.entity === statement.entity && isComparable(one, statement));
      if (!old || !differ(old.value, statement.value)) return [];
      const { field, value, entity } = statement;
      return [
        { kind: "changed", field, right: old.value, text: `${field} of ${entity} is ${value}, it was ${old.value}` } as const,
      ];
    });
}

const hasForm = (value: Scalar) => typeof value === "number" || date.test(value) || clock.test(value);

/** The call found or made the thing, or is named for it: what get_breakfast(hotel_id) costs is no price of the hotel. */
function isAboutThing({ name }: Fact, { entity, introduced }: Statement): boolean {
  const noun = spoken(entity.replace(/=.*/, "")).replace(/ ?(id|code)$/, "");
  const [, ...words] = spoken(name).split(" ");
  return introduced || words.join(" ").replace(/ (details?|info|information|data|record|summary)$/, "") === noun;
}

/** The later call asks for the thing as such, or both ask alike; what depends on other arguments may differ with them. */
function askedAlike(old: Fact, now: Fact): boolean {
  const [before, after] = [context(old), context(now)];
  if (isSameCall({ name: "", arguments: before }, { name: "", arguments: after })) return true;
  const measures = [before, old.result, now.result].some(
    (part) => isObject(part) && Object.keys(part).some((key) => measure.test(key)),
  );
  return Object.keys(after).length === 0 && !measures;
}

/** The arguments of a call that are no ids. */
function context(call: ToolCall): JsonObject {
  return Object.fromEntries(Object.entries(call.arguments).filter(([name]) => !isIdName(name)));
}

/** Numbers that are no roundings of each other, or other words. */
function differ(left: Scalar, right: Scalar): boolean {
  if (typeof left !== typeof right) return false;
  if (typeof left !== "number" || typeof right !== "number") return left !== right;
  const [coarse, fine] = decimals(left) < decimals(right) ? [left, right] : [right, left];
  return Math.abs(coarse - fine) > 0.5 * 10 ** -decimals(coarse) + 1e-9;
}

const decimals = (value: number) => (String(value).split(".")[1] ?? "").length;

/** What makes a total more, or less, than price times number. */
const modifier =
  /charge|commission|coupon|credit|currency|deposit|discount|express|extra|fee|insurance|premium|rebate|refund|shipping|tax|tip|vat|voucher/i;
const eachPrice = /^(unit_price|price_each|price_per_(item|unit|piece))$/;
const howMany = /^(quantity|units|pieces|items|item_count|number_of_(items|units|pieces))$/;

/**
 * A total that is not price times number, where the names leave no doubt: `unit_price`, `quantity` and a total in one
 * result; or a call that takes an id and one number of things alone, where `fare` (`unit_price`) of that id was stated and
 * the result says `total_fare` (a total). Anything that could add to a total silences the rule.
 */
function totals(call: ToolCall, result: JsonObject, journal: readonly Fact[]): Contradiction[] {
  if ([...Object.keys(result), ...Object.keys(call.arguments)].some((name) => modifier.test(name))) return [];
  const sums = Object.keys(result).filter((name) => typeof result[name] === "number" && isTotal(name));
  const [field, another] = sums;
  if (field === undefined || another !== undefined) return [];
  const factors = within(result) ?? across(call, field, journal);
  if (factors === null) return [];
  const right = Math.round(factors.price * factors.count * 100) / 100;
  // a price rounded to its last digit may be off by half of it, the total by half of its own
  const slack = 0.5 * (factors.count * 10 ** -Math.max(2, decimals(factors.price)) + 10 ** -decimals(Number(result[field])));
  if (Math.abs(Number(result[field]) - right) <= slack + 1e-9) return [];
  return [
    { kind: "total", field, right, text: `${field} is ${result[field]}, but ${factors.count} x ${factors.price} is ${right}` },
  ];
}

const isTotal = (name: string) =>
  /^(sub)?total$|^total_|_total$/.test(name) && !/minutes|hours|days|count|number|items/.test(name);

function within(result: JsonObject): { readonly price: number; readonly count: number } | null {
  const price = Object.entries(result).filter(([name]) => eachPrice.test(name));
  const count = Object.entries(result).filter(([name]) => howMany.test(name));
  return price.length === 1 && count.length === 1 ? factorsOf(price[0]?.[1], count[0]?.[1]) : null;
}

function across(
  call: ToolCall,
  field: string,
  journal: readonly Fact[],
): { readonly price: number; readonly count: number } | null {
  const [one, ...more] = Object.entries(context(call));
  if (one === undefined || more.length > 0) return null;
  const [name, count] = one;
  const entity = entityOf(call.arguments);
  const since = journal.slice(journal.findLastIndex((fact) => !isReading(fact.name)) + 1);
  const isPrice = ({ field: price }: Statement) =>
    (`total_${price}` === field || `${price}_total` === field) && (howMany.test(name) || heads.test(name))
      ? true
      : eachPrice.test(price) && howMany.test(name);
  const prices = since.flatMap((fact) =>
    // a price that was asked for a number of things may be theirs together
    name in fact.arguments ? [] : statements(fact, 0).filter((stated) => stated.entity === entity && isPrice(stated)),
  );
  return new Set(prices.map(({ value }) => value)).size === 1 ? factorsOf(prices[0]?.value, count) : null;
}

function factorsOf(price: Json | undefined, count: Json | undefined) {
  return typeof price === "number" && typeof count === "number" && Number.isInteger(count) && count > 0 ? { price, count } : null;
}

function isScalar(value: Json | undefined): value is Scalar {
  return typeof value === "string" || typeof value === "number";
}
