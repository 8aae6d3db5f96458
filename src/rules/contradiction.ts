// Does a tool's result deny what is known? Only what ids and echoes prove, pure, and silent wherever it could be wrong: a false
// alarm would blame the world for being right. An echo: the result repeats an argument with another value. A change: a date or
// a time of a thing that an earlier result named by its id is another one now, though nothing was changed. A rule speaks only
// where the tool's own schema allows the right value, so that every contradiction could have been avoided. Departs from the
// papers, which trust the simulator; an id that the agent invented is no contradiction (journal.ts).

import type { Json, JsonObject, ToolCall, ToolSpec } from "../types.ts";
import { entityOf, type Fact, isIdName, isReading, statements } from "./journal.ts";
import { isObject, own } from "./json.ts";
import { matchesSchema } from "./validate.ts";
import { sameValue, spoken } from "./values.ts";

export interface Contradiction {
  readonly kind: "echo" | "changed";
  /** Field of the result, and the value that it must have. */
  readonly field: string;
  readonly right: string | number;
  /** What is wrong, in a few words. */
  readonly text: string;
}

/** All fields of `result` that deny what is known; empty for a result that is no object. */
export function contradictions(call: ToolCall, result: Json, tool: ToolSpec, journal: readonly Fact[]): Contradiction[] {
  if (!isObject(result)) return [];
  const found = [...echoes(call, result), ...changes(call, result, journal)];
  return found.filter(({ field, right }) => matchesSchema(tool.returns ?? {}, { ...result, [field]: right }).length === 0);
}

/** Why a reply cannot stand, as the simulator's handle takes it; null where nothing speaks against it. */
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

/** Verbs that are given an old value and answer with a new one, or the other way round. */
const shifting =
  /^(adapt|adjust|change|convert|correct|delay|exchange|extend|modify|move|postpone|renew|replace|reschedule|set|shift|swap|update)/i;
const date = /^\d{4}-\d{2}-\d{2}$/;
const clock = /^\d{2}:\d{2}$/;

/** A date is repeated as it was said; an id is by a tool that only reads, while one that changes may give out another. */
function echoes(call: ToolCall, result: JsonObject): Contradiction[] {
  if (shifting.test(call.name)) return [];
  return Object.entries(call.arguments).flatMap(([field, said]) => {
    const repeated = own(result, field);
    if (!isScalar(said) || !isScalar(repeated) || sameValue(said, repeated)) return [];
    const isEcho = (isIdName(field) && isReading(call.name)) || (date.test(String(said)) && date.test(String(repeated)));
    const text = `${field} is ${repeated} where the call says ${said}`;
    return isEcho ? [{ kind: "echo", field, right: said, text } as const] : [];
  });
}

/** By a tool that looks up the thing itself: what get_breakfast(hotel_id) dates is no date of the hotel. */
function changes(call: ToolCall, result: JsonObject, journal: readonly Fact[]): Contradiction[] {
  const entity = entityOf(call.arguments);
  if (entity === null || !isReading(call.name) || !Object.keys(call.arguments).every(isIdName)) return [];
  const [, ...noun] = spoken(call.name).split(" ");
  if (noun.join(" ") !== spoken(entity.replace(/=.*/, "")).replace(/ ?(id|code)$/, "")) return [];
  const since = journal.findLastIndex((fact) => !isReading(fact.name));
  // what a changing call says is its outcome, except about a thing that it made
  const known = journal
    .flatMap(statements)
    .filter((one) => one.entity === entity && one.introduced && one.call >= Math.max(0, since));
  return statements({ ...call, result }, journal.length).flatMap(({ field, value }) => {
    const old = known.findLast((one) => one.field === field);
    const isMoment = [date, clock].some((form) => form.test(String(value)) && form.test(String(old?.value)));
    if (!old || !isMoment || old.value === value || result[field] !== value) return [];
    const text = `${field} of ${entity} is ${value}, it was ${old.value}`;
    return [{ kind: "changed", field, right: old.value, text } as const];
  });
}

function isScalar(value: Json | undefined): value is string | number {
  return typeof value === "string" || typeof value === "number";
}
