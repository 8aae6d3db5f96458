// The right calls of a calls-first task: the schema under which the simulator fills them in, and the checks of its answer.
// Tools and arguments are drawn before (draw-task.ts). Departs from the paper, whose simulator names calls without values.

import type { Draws } from "../rng.ts";
import { contradicted, contradictions, putRight } from "../rules/contradiction.ts";
import { isIdName } from "../rules/journal.ts";
import { isObject, own } from "../rules/json.ts";
import { argumentErrors } from "../rules/validate.ts";
import { isCutShort, isSameCall } from "../rules/values.ts";
import { bareResult } from "../simulator/prompts/tool.ts";
import type { Checked } from "../simulator/simulator.ts";
import { argumentsSchema, object } from "../tools/tool-arguments.ts";
import type { ExpectedCall, Json, JsonObject, JsonSchema } from "../types.ts";
import { isParallel, type Plan } from "./draw-task.ts";

/** The arguments of every needed call and, in a call task, its result, under the tools' own schemas. */
export function callsSchema(plan: Plan, decline: boolean): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  plan.needed.forEach((tool, index) => {
    const dependent = index === 1 ? plan.dependent : null;
    properties[`arguments_${index + 1}`] = argumentsSchema(tool, plan.used[index] ?? [], dependent);
    if (!decline) properties[`result_${index + 1}`] = tool.returns ?? bareResult;
  });
  return object(properties);
}

/** Fills in the arguments that come from an earlier result and checks every call against its tool. */
export function expectedCalls(reply: JsonObject, plan: Plan, decline: boolean, random: Draws): Checked<ExpectedCall[]> {
  const value: ExpectedCall[] = [];
  for (const [index, tool] of plan.needed.entries()) {
    const filled = (reply[`arguments_${index + 1}`] ?? {}) as JsonObject; // the schema was checked by ask
    const { dependent } = plan;
    const given = index === 1 && dependent !== null ? own((value[0]?.result ?? {}) as JsonObject, dependent) : undefined;
    const made = index === 1 && dependent !== null && given !== undefined ? { ...filled, [dependent]: given } : filled;
    const ordered = Object.fromEntries(
      (plan.used[index] ?? []).flatMap((name) => (Object.hasOwn(made, name) ? [[name, made[name] ?? null]] : [])),
    );
    const problems = argumentErrors(tool, ordered);
    if (problems.length > 0) return { reason: problems.join("; ") };
    if (isCutShort(ordered, tool.parameters)) return { reason: "an argument is empty or cut" };
    const call = { name: tool.name, arguments: ordered };
    if (value.some((earlier) => isSameCall(earlier, call, plan.needed)))
      return { reason: `call ${index + 1} repeats another one` };
    if (decline) {
      value.push({ ...call, result: null });
      continue;
    }
    const reported = reply[`result_${index + 1}`] ?? null;
    const fresh = isParallel(plan) ? newIds(reported, ordered) : index === 0 && dependent !== null ? [dependent] : [];
    const written = fresh.reduce((result: Json, name) => withFreshId(result, name, random), reported);
    // echoes of arguments are corrected by rule; for facts that the two calls state differently the simulator is asked again
    const echoes = contradictions(call, written, tool, value).filter(({ kind }) => kind === "echo");
    const result = putRight(written, echoes);
    const problem = contradicted(call, result, tool, value);
    if (problem) return problem;
    value.push({ ...call, result });
  }
  return { value };
}

/** Ids that a result gives out: two calls side by side do not find the same thing. */
function newIds(result: Json, given: JsonObject): string[] {
  return isObject(result) ? Object.keys(result).filter((name) => isIdName(name) && !Object.hasOwn(given, name)) : [];
}

/** Simulators write FL123 again and again: the digits of an id that a later call needs are drawn, so it cannot be guessed. */
function withFreshId(result: Json, name: string, random: Draws): Json {
  if (!isObject(result)) return result;
  const id = own(result, name);
  if (typeof id !== "string") return result;
  return { ...result, [name]: id.replace(/\d/g, () => String(random.integer(0, 9))) };
}
