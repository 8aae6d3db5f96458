// The right calls of a calls-first task: the schema under which the simulator fills them in, and the checks of its answer.
// Tools and arguments are drawn before (draw-task.ts). Departs from the paper, whose simulator names calls without values.

import type { Draws } from "../rng.ts";
import { contradicted, contradictions, putRight } from "../rules/contradiction.ts";
import { isIdName } from "../rules/journal.ts";
import { isObject, own, propertiesOf } from "../rules/json.ts";
import { asMoment } from "../rules/language/moments.ts";
import { spoken } from "../rules/language/spoken.ts";
import { type Branches, branchesOf, isFixed, within } from "../rules/listed.ts";
import { argumentErrors, matchesSchema } from "../rules/validate.ts";
import { isCutShort, isMisformed, isSameCall, leaves } from "../rules/values.ts";
import { bareResult } from "../simulator/prompts/tool.ts";
import type { Checked } from "../simulator/simulator.ts";
import { argumentsSchema, object, requiredParameters } from "../tools/tool-arguments.ts";
import type { ExpectedCall, Json, JsonObject, JsonSchema, ToolSpec } from "../types.ts";
import { isParallel, type Plan } from "./draw-task.ts";
import { slotsOfAll } from "./slots.ts";
import { givenAway } from "./told-values.ts";

/** The arguments of every needed call and, in a call task, its result, under the tools' own schemas. */
export function callsSchema(plan: Plan, decline: boolean): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  plan.needed.forEach((tool, index) => {
    properties[`arguments_${index + 1}`] = argumentsSchema(tool, plan.used[index] ?? [], index === 1 ? plan.links : []);
    if (!decline) properties[`result_${index + 1}`] = tool.returns ?? bareResult;
  });
  return object(properties);
}

/** Fills in the arguments that come from an earlier result and checks every call against its tool. */
export function expectedCalls(reply: JsonObject, plan: Plan, decline: boolean, random: Draws): Checked<ExpectedCall[]> {
  const value: ExpectedCall[] = [];
  for (const [index, tool] of plan.needed.entries()) {
    const filled = (reply[`arguments_${index + 1}`] ?? {}) as JsonObject; // the schema was checked by ask
    const made =
      index === 1 && !isParallel(plan)
        ? { ...filled, ...sharedWith(value[0], tool), ...given(value[0]?.result, plan.links) }
        : filled;
    const known = [...requiredParameters(tool), ...(index === 1 ? plan.links : [])];
    const ordered = sayableArguments(tool, made, { names: plan.used[index] ?? [], known });
    const problems = argumentErrors(tool, ordered);
    if (problems.length > 0) return { reason: problems.join("; ") };
    if (isCutShort(ordered, tool.parameters)) return { reason: "an argument is empty or cut" };
    if (isMisformed(ordered, tool.parameters)) return { reason: "a date or time is not in the form that its page names" };
    const told = Object.keys(ordered).filter((name) => !(index === 1 && plan.links.includes(name)));
    const unsayable = told.find((name) => !isKnown(tool, name, ordered[name] ?? null));
    if (unsayable !== undefined) return { reason: `nobody can say what ${spoken(unsayable)} is` };
    const call = { name: tool.name, arguments: ordered };
    if (value.some((earlier) => isSameCall(earlier, call, plan.needed)))
      return { reason: `call ${index + 1} repeats another one` };
    if (decline) {
      value.push({ ...call, result: null });
      continue;
    }
    const reported = reply[`result_${index + 1}`] ?? null;
    const fresh = isParallel(plan) ? newIds(reported, ordered) : index === 0 ? plan.links : [];
    const written = fresh.reduce((result: Json, name) => withFreshId(result, name, schemasOf(name, plan), random), reported);
    // echoes of arguments are corrected by rule; for facts that the two calls state differently the simulator is asked again
    const echoes = contradictions(call, written, tool, value).filter(({ kind }) => kind === "echo");
    const result = putRight(written, echoes);
    const problem = contradicted(call, result, tool, value);
    if (problem) return problem;
    value.push({ ...call, result });
  }
  const betrayed = givenAway(plan, value);
  if (betrayed !== null) return { reason: `another value gives away ${betrayed}` };
  return { value };
}

/** Of a call's arguments those of these names that a person can say, or that are known without: nobody asks for an empty list. */
export function sayableArguments(
  tool: ToolSpec,
  made: JsonObject,
  { names, known }: { readonly names: readonly string[]; readonly known: readonly string[] },
): JsonObject {
  return Object.fromEntries(
    names.flatMap((name) => {
      const filledIn = own(made, name);
      const one = filledIn === undefined ? undefined : withoutUnsaid(filledIn, within(branchesOf(tool.parameters), name));
      return one !== undefined && (known.includes(name) || isSayable(tool, name, one)) ? [[name, one]] : [];
    }),
  );
}

/** Whether a person can say a value: not an empty list, null or an object without members. */
function isSayable({ parameters }: ToolSpec, name: string, value: Json): boolean {
  return slotsOfAll({ [name]: value }, parameters).length > 0;
}

/** Whether a person can say a value, or nothing has to be said: its schema leaves no choice, or it is null. */
function isKnown(tool: ToolSpec, name: string, value: Json): boolean {
  return value === null || isFixed(own(propertiesOf(tool.parameters), name)) || isSayable(tool, name, value);
}

/** A value without optional members that say nothing: null, an empty list. Grammars write every member that a schema names. */
function withoutUnsaid(value: Json, place: Branches): Json {
  if (Array.isArray(value)) return value.map((item: Json, at) => withoutUnsaid(item, within(place, at)));
  if (!isObject(value)) return value;
  const members = Object.entries(value).map(([name, item]) => [name, withoutUnsaid(item, within(place, name))] as const);
  const isRequired = (name: string) => place.some(({ required }) => Array.isArray(required) && required.includes(name));
  return Object.fromEntries(members.filter(([name, item]) => isRequired(name) || leaves(item).some((leaf) => leaf !== null)));
}

/** What an earlier call takes under a name that this tool takes too: a person says it once, for both. */
function sharedWith(earlier: ExpectedCall | undefined, { parameters }: ToolSpec): JsonObject {
  const names = Object.keys(propertiesOf(parameters));
  return Object.fromEntries(Object.entries(earlier?.arguments ?? {}).filter(([name]) => names.includes(name)));
}

/** What a result has of the arguments that come from it. */
function given(result: Json | undefined, links: readonly string[]): JsonObject {
  return isObject(result ?? null)
    ? Object.fromEntries(Object.entries(result as JsonObject).filter(([name]) => links.includes(name)))
    : {};
}

/** Ids that a result gives out: two calls side by side do not find the same thing. */
function newIds(result: Json, given: JsonObject): string[] {
  return isObject(result) ? Object.keys(result).filter((name) => isIdName(name) && !Object.hasOwn(given, name)) : [];
}

/** What the tools of a plan say of a name, in what they take and in what they return. */
function schemasOf(name: string, { needed }: Plan): readonly JsonSchema[] {
  const schemas = needed.flatMap(({ parameters, returns }) => [parameters, returns ?? {}]);
  return schemas.map((schema) => own(propertiesOf(schema), name)).filter(isObject);
}

/**
 * Simulators write FL123 again and again: the digits of an id that a later call needs are drawn, so it cannot be guessed. A date, a
 * time, and what would not fit the schemas any more (a pattern, a list) stay.
 */
function withFreshId(result: Json, name: string, schemas: readonly JsonSchema[], random: Draws): Json {
  if (!isObject(result)) return result;
  const id = own(result, name);
  if (typeof id !== "string" || asMoment(id) !== null) return result;
  const fresh = id.replace(/\d/g, () => String(random.integer(0, 9)));
  return schemas.every((schema) => matchesSchema(schema, fresh).length === 0) ? { ...result, [name]: fresh } : result;
}
