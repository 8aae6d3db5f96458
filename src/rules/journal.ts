// The journal of an episode: what its tools have stated, taken from calls and results by rule. It lists the facts for later
// replies, and tells which ids were returned and which tools only read. Pure. Not a model of the world: it contains only what
// results state. contradiction.ts decides whether a new result contradicts an old one.
// Every id argument that another offered tool returns is checked, and a result is repeated only until a changing call.

import type { Json, JsonObject, Task, ToolCall, ToolSpec } from "../types.ts";
import { isObject, own, propertiesOf, spacedJson } from "./json.ts";
import { actionOf, spoken } from "./language/spoken.ts";
import { isSameCall, sameValue } from "./values.ts";

/** An executed call with its result: one entry of the journal, which is in the order of the calls. */
export interface Fact extends ToolCall {
  readonly result: Json;
}

/** One value that a call stated about one entity. */
export interface Statement {
  /** Identified by its id or ids, e.g. "flight_id=fl120". */
  readonly entity: string;
  readonly field: string;
  readonly value: string | number;
  /** Index of the call in the journal. */
  readonly call: number;
  /** True if the result names the entity and the call did not: this call found or created it. */
  readonly introduced: boolean;
}

/** First words of the names of tools that change nothing; every other tool may change anything. */
const reading = new Set(
  "advise browse calculate check compare compute convert count describe estimate explain fetch find get identify list locate look lookup preview query quote read recommend search show suggest sum track translate view".split(
    " ",
  ),
);

/** True if a tool's name says that it only reads. A doubtful name counts as changing, which can only disable checks. */
export function isReading(name: string): boolean {
  const [verb = "", next] = spoken(actionOf(name)).split(" ");
  return reading.has(verb) && !(verb === "check" && (next === "in" || next === "out"));
}

/** Public codes, which a model may know from its training. */
const publicCode =
  /^(zip|post|postal|country|area|dial|currency|language|locale|airport|iata|icao|city|state|region|colou?r)_?code$/i;

/** True if the name says that its value identifies one thing in the simulated world. */
export function isIdName(name: string): boolean {
  return /(^|_)id$|[a-z]I[dD]$|(^|_)code$|[a-z]Code$/.test(name) && !publicCode.test(name);
}

/** True for a field that may hold an id, including plural and number fields. */
function holdsIds(name: string): boolean {
  return isIdName(name) || /(id|code|number|reference|ref|key)s?$/i.test(name);
}

/** A fact as the simulator's prompt shows it. */
export function factText(fact: Fact): string {
  return `${fact.name}(${spacedJson(fact.arguments)}) = ${spacedJson(fact.result)}`;
}

/** Facts as text, one call per line, newest last; the oldest are dropped if they exceed `characters`. */
export function listing(journal: readonly Fact[], characters = 1500): string {
  const lines: string[] = [];
  let room = characters;
  for (const fact of journal.toReversed()) {
    const line = factText(fact);
    if (lines.length > 0 && line.length > room) break;
    room -= line.length;
    lines.unshift(line);
  }
  return lines.length === 0 ? "none" : lines.join("\n");
}

/**
 * The fact that answers a repeated call; null if a later changing call may have made the result of a reading call outdated.
 * @param reads whether a tool only reads, where its name does not say (drift.ts)
 */
export function repeatedFact(
  call: ToolCall,
  journal: readonly Fact[],
  { tools = [], reads = isReading }: { readonly tools?: readonly ToolSpec[]; readonly reads?: (tool: string) => boolean } = {},
): Fact | null {
  const at = journal.findLastIndex((fact) => isSameCall(fact, call, tools));
  const stale = reads(call.name) && journal.slice(at + 1).some((fact) => !reads(fact.name));
  return at < 0 || stale ? null : (journal[at] ?? null);
}

/**
 * What a fact states: scalars next to an id in its result are about that id; scalars of a result without an id are about
 * the ids in the call's arguments. Lists without ids state nothing, because their items cannot be identified later.
 */
export function statements(fact: Fact, call: number): Statement[] {
  const about = entityOf(fact.arguments);
  const of = (object: JsonObject): Statement[] => {
    const own = entityOf(object);
    const entity = own ?? about;
    const deeper = Object.values(object).flatMap((value) =>
      Array.isArray(value) ? value.flatMap((item) => (isObject(item) && entityOf(item) !== null ? of(item) : [])) : [],
    );
    if (entity === null) return deeper;
    const introduced = own !== null && own !== about;
    const stated = Object.entries(object).flatMap(([field, value]) =>
      (typeof value === "number" || typeof value === "string") && !isIdName(field)
        ? [{ entity, field, value, call, introduced }]
        : [],
    );
    return [...stated, ...deeper];
  };
  const { result } = fact;
  return isObject(result) ? of(result) : Array.isArray(result) ? of({ result }) : [];
}

/** The ids of an object as one key; null if it has none, or has a bare `id` that could belong to anything. */
export function entityOf(object: JsonObject): string | null {
  const ids = Object.entries(object).flatMap(([name, value]) =>
    isIdName(name) && (typeof value === "string" || typeof value === "number") ? [[name, value] as const] : [],
  );
  // a bare `id` of only digits or only letters may belong to another kind of thing
  const vague = ids.some(([name, value]) => name.toLowerCase() === "id" && !/[a-z].*\d|\d.*[a-z]/i.test(String(value)));
  if (ids.length === 0 || vague) return null;
  const keys = ids.map(([name, value]) => `${name}=${squeezed(value)}`);
  return keys.sort().join(" ");
}

/**
 * The argument whose id the agent invented: no tool returned it, no user said it and the task does not contain it. Null if
 * there is none. Checks the blueprint's dependent arguments and ids that another offered tool returns; other ids may be known
 * from elsewhere. `said` is what the user has said so far.
 */
export function inventedId(call: ToolCall, task: Task, journal: readonly Fact[], said: readonly string[]): string | null {
  const isLinked = (index: number, name: string) => linksOf(task, index).some((link) => link.name === name);
  const texts = [task.systemPrompt, task.intent, task.firstMessage, ...task.heldBack.map((held) => held.sentence), ...said];
  const tool = task.tools.find((candidate) => candidate.name === call.name);
  const invented = Object.entries(call.arguments).find(([name, value]) => {
    if (typeof value !== "string" && typeof value !== "number") return false;
    const dependent = task.expected.some((expected, index) => expected.name === call.name && isLinked(index, name));
    if (!dependent && !(tool && isGivenOut(name, tool, task))) return false;
    const named = task.expected.some(
      (expected, index) => !isLinked(index, name) && sameValue(own(expected.arguments, name) ?? null, value),
    );
    return !named && !texts.some((text) => mentions(text, value)) && !journal.some((fact) => givesOut(fact.result, name, value));
  });
  return invented?.[0] ?? null;
}

/** An argument of a later expected call whose value comes from the result of an earlier one. */
export interface Link {
  readonly name: string;
  /** Index of the earlier call. */
  readonly from: number;
}

/** The links of the expected call at `index`: arguments that an earlier result gives and the user does not. */
export function linksOf({ expected, dependent }: Pick<Task, "expected" | "dependent">, index: number): Link[] {
  const call = expected[index];
  if (!dependent || call === undefined) return [];
  return Object.entries(call.arguments).flatMap(([name, value]) => {
    // both calls may share other arguments, e.g. a date that the user said
    const from = expected
      .slice(0, index)
      .findLastIndex(
        ({ arguments: given, result }) =>
          !Object.hasOwn(given, name) && isObject(result) && sameValue(own(result, name) ?? null, value),
      );
    return from < 0 ? [] : [{ name, from }];
  });
}

/** True for an id argument without listed values that another offered tool returns and does not itself take. */
function isGivenOut(name: string, tool: ToolSpec, task: Task): boolean {
  const schema = own(propertiesOf(tool.parameters), name);
  if (!isIdName(name) || !isObject(schema) || ["enum", "const", "default", "examples"].some((key) => key in schema)) return false;
  return task.tools.some(
    (other) => own(propertiesOf(other.parameters), name) === undefined && returnsField(other.returns ?? {}, name),
  );
}

function returnsField(schema: Json, name: string): boolean {
  if (Array.isArray(schema)) return schema.some((part) => returnsField(part, name));
  if (!isObject(schema)) return false;
  if (isObject(schema.properties) && Object.hasOwn(schema.properties, name)) return true;
  return Object.values(schema).some((part) => returnsField(part, name));
}

/** True if the result contains the value under this name, in another field for ids, or in a sentence. */
export function givesOut(result: Json, name: string, value: string | number, field = ""): boolean {
  if (Array.isArray(result)) return result.some((item) => givesOut(item, name, value, field));
  if (isObject(result)) return Object.entries(result).some(([key, inner]) => givesOut(inner, name, value, key));
  if (typeof result === "string" && /\s/.test(result.trim())) return mentions(result, value);
  const sameField = field === name || field === "" || holdsIds(field);
  return sameField && (typeof result === "string" || typeof result === "number") && squeezed(result) === squeezed(value);
}

/** True if the text contains the value as whole words, ignoring spaces and hyphens: "BK 12-34" mentions BK1234. */
export function mentions(text: string, value: string | number): boolean {
  const wanted = squeezed(value);
  const words = text
    .normalize("NFKC")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u);
  return words.some((_, start) => {
    let run = "";
    for (let at = start; at < words.length && run.length < wanted.length; at++) run += words[at];
    return run === wanted && wanted !== "";
  });
}

/** Only letters and digits, in lower case. */
function squeezed(value: string | number): string {
  return String(value)
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "");
}
