// Does a tool's result contradict what is known? Pure. Reports only what ids and echoes prove and ignores doubtful cases: a
// false alarm would blame the world for a correct result. An echo: the result repeats an argument with a different value. A
// change: a date or time differs from an earlier result about the same id, although no tool changed it. Reported only if the
// tool's schema allows the right value, so that every contradiction was avoidable. Departs from the papers, which trust the
// simulator. An id that the agent invented is not a contradiction (journal.ts).

import type { Json, JsonObject, ToolCall, ToolSpec } from "../types.ts";
import { entityOf, type Fact, isIdName, isReading, statements } from "./journal.ts";
import { isObject, own } from "./json.ts";
import { actionOf, spoken } from "./language/spoken.ts";
import { matchesSchema } from "./validate.ts";
import { sameValue } from "./values.ts";

export interface Contradiction {
  readonly kind: "echo" | "changed";
  /** The field of the result, and the value that it should have. */
  readonly field: string;
  readonly right: string | number;
  /** What is wrong, briefly. */
  readonly text: string;
}

/** All fields of `result` that contradict what is known; empty if the result is not an object. */
export function contradictions(call: ToolCall, result: Json, tool: ToolSpec, journal: readonly Fact[]): Contradiction[] {
  if (!isObject(result)) return [];
  const found = [...echoes(call, result), ...changes(call, result, journal)];
  return found.filter(({ field, right }) => matchesSchema(tool.returns ?? {}, { ...result, [field]: right }).length === 0);
}

/** Why a reply is rejected, in the form that the simulator's handle expects; null if it contradicts nothing. */
export function contradicted(
  call: ToolCall,
  result: Json,
  tool: ToolSpec,
  journal: readonly Fact[],
): { readonly reason: string; readonly code: "contradiction" } | null {
  const [first] = contradictions(call, result, tool, journal);
  return first ? { reason: `contradicts what is known: ${first.text}`, code: "contradiction" } : null;
}

/** The result with these fields corrected, for a blueprint or a reply that was written without knowing the journal. */
export function putRight(result: Json, wrong: readonly Contradiction[]): Json {
  if (!isObject(result) || wrong.length === 0) return result;
  return { ...result, ...Object.fromEntries(wrong.map(({ field, right }) => [field, right])) };
}

/** Verbs of tools that take an old value and return a new one, or the reverse. */
const shifting =
  /^(adapt|adjust|change|convert|correct|delay|exchange|extend|modify|move|postpone|renew|replace|reschedule|set|shift|swap|update)/i;
const date = /^\d{4}-\d{2}-\d{2}$/;
const clock = /^\d{2}:\d{2}$/;

/** A repeated date must stay the same; so must an id in a reading tool, while a changing tool may return a new id. */
function echoes(call: ToolCall, result: JsonObject): Contradiction[] {
  if (shifting.test(actionOf(call.name))) return [];
  return Object.entries(call.arguments).flatMap(([field, said]) => {
    const repeated = own(result, field);
    if (!isScalar(said) || !isScalar(repeated) || sameValue(said, repeated)) return [];
    const isEcho = (isIdName(field) && isReading(call.name)) || (date.test(String(said)) && date.test(String(repeated)));
    const text = `${field} is ${repeated} where the call says ${said}`;
    return isEcho ? [{ kind: "echo", field, right: said, text } as const] : [];
  });
}

/** Only for a tool that looks up the thing itself: a date from get_breakfast(hotel_id) is not a date of the hotel. */
function changes(call: ToolCall, result: JsonObject, journal: readonly Fact[]): Contradiction[] {
  const entity = entityOf(call.arguments);
  if (entity === null || !isReading(call.name) || !Object.keys(call.arguments).every(isIdName)) return [];
  const [, ...noun] = spoken(actionOf(call.name)).split(" ");
  if (noun.join(" ") !== spoken(entity.replace(/=.*/, "")).replace(/ ?(id|code)$/, "")) return [];
  const since = journal.findLastIndex((fact) => !isReading(fact.name));
  // a changing call states its outcome, not an earlier fact, except about a thing that it created
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
