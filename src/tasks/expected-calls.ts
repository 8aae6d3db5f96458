// The right calls of a task, calls first: the schema that the simulator fills them in under, and the check of what it filled in.
// Which tools and arguments is drawn before (draw-task.ts). Departs from the paper, whose simulator names calls without values.

import type { Draws } from "../rng.ts";
import { contradicted, contradictions, putRight } from "../rules/contradiction.ts";
import { own } from "../rules/json.ts";
import { argumentErrors } from "../rules/validate.ts";
import { isCutShort } from "../rules/values.ts";
import type { Checked } from "../simulator/simulator.ts";
import { argumentsSchema, object } from "../tools/tool-arguments.ts";
import type { ExpectedCall, Json, JsonObject, JsonSchema } from "../types.ts";
import type { Outline } from "./draw-task.ts";

/** Arguments of every needed call and, in a call task, their results under the tools' own schemas. */
export function callsSchema(outline: Outline, decline: boolean): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  outline.needed.forEach((tool, index) => {
    const dependent = index === 1 ? outline.dependent : null;
    properties[`arguments_${index + 1}`] = argumentsSchema(tool, outline.used[index] ?? [], dependent);
    if (!decline) properties[`result_${index + 1}`] = tool.returns ?? object({ status: { type: "string", maxLength: 30 } });
  });
  return object(properties);
}

/** Fills in what an earlier result gives and checks every call against its tool. */
export function expectedCalls(reply: JsonObject, outline: Outline, decline: boolean, random: Draws): Checked<ExpectedCall[]> {
  const value: ExpectedCall[] = [];
  for (const [index, tool] of outline.needed.entries()) {
    const filled = (reply[`arguments_${index + 1}`] ?? {}) as JsonObject; // the schema was checked by ask
    const { dependent } = outline;
    const given = index === 1 && dependent !== null ? own((value[0]?.result ?? {}) as JsonObject, dependent) : undefined;
    const made = index === 1 && dependent !== null && given !== undefined ? { ...filled, [dependent]: given } : filled;
    const ordered = Object.fromEntries(
      (outline.used[index] ?? []).flatMap((name) => (Object.hasOwn(made, name) ? [[name, made[name] ?? null]] : [])),
    );
    const problems = argumentErrors(tool, ordered);
    if (problems.length > 0) return { reason: problems.join("; ") };
    if (isCutShort(ordered, tool.parameters)) return { reason: "an argument is empty or cut" };
    const call = { name: tool.name, arguments: ordered };
    if (decline) {
      value.push({ ...call, result: null });
      continue;
    }
    const written = withFreshId(reply[`result_${index + 1}`] ?? null, index === 0 ? dependent : null, random);
    // echoes of arguments are put right by rule; facts that the two calls state differently are written anew
    const echoes = contradictions(call, written, tool, value).filter(({ kind }) => kind === "echo");
    const result = putRight(written, echoes);
    const problem = contradicted(call, result, tool, value);
    if (problem) return problem;
    value.push({ ...call, result });
  }
  return { value };
}

/** A simulator gives out FL123 again and again: the digits of an id that a later call needs are drawn, so that it cannot be guessed. */
function withFreshId(result: Json, name: string | null, random: Draws): Json {
  if (name === null || typeof result !== "object" || result === null || Array.isArray(result)) return result;
  const id = own(result as JsonObject, name);
  if (typeof id !== "string") return result;
  return { ...(result as JsonObject), [name]: id.replace(/\d/g, () => String(random.integer(0, 9))) };
}
