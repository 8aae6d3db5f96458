// What every world decides of a call by rule, before any model is asked: an unknown tool, wrong arguments, an expected call
// (its blueprint result), an id that nobody ever named (the agent's invention: "no such"), a call that was answered before.

import { type Fact, inventedId, repeatedFact } from "../rules/journal.ts";
import { spacedJson } from "../rules/json.ts";
import { argumentErrors } from "../rules/validate.ts";
import { isSameCall } from "../rules/values.ts";
import type { ExpectedCall, Failure, Line, Refusal, Task, ToolCall, ToolSpec } from "../types.ts";

export type ToolAnswer =
  | {
      readonly ok: true;
      readonly text: string;
      /** -1, 0 or 1. */
      readonly reward: number;
      readonly fact: Fact | null;
      /** Why a rule refused the call, where one did. */
      readonly refused?: Refusal;
    }
  | { readonly ok: false; readonly failure: Failure };

/**
 * The answer of the rules, or the tool that a model has to speak for.
 * @param lines what was said so far; `journal` the facts of this episode so far
 * @param blueprint calls whose results are known
 */
export function answeredByRule(
  call: ToolCall,
  task: Task,
  lines: readonly Line[],
  journal: readonly Fact[],
  blueprint: readonly ExpectedCall[],
): { readonly answer: ToolAnswer } | { readonly tool: ToolSpec } {
  const tool = task.tools.find(({ name }) => name === call.name);
  if (!tool)
    return refused(`unknown tool '${call.name}'; available: ${task.tools.map(({ name }) => name).join(", ")}`, "unknown_tool");
  const problems = argumentErrors(tool, call.arguments);
  if (problems.length > 0) return refused(problems.join("; "), "wrong_arguments");
  const expected = blueprint.find((candidate) => isSameCall(candidate, call, task.tools));
  if (expected) {
    const fact = { ...call, result: expected.result };
    return { answer: { ok: true, text: spacedJson(expected.result), reward: 1, fact } };
  }
  const said = lines.filter(({ role }) => role === "user").map(({ text }) => text);
  const invented = inventedId(call, task, journal, said);
  if (invented !== null) return refused(`no such ${invented}: ${JSON.stringify(call.arguments[invented])}`, "invented_id");
  const repeated = repeatedFact(call, journal, task.tools);
  return repeated ? { answer: { ok: true, text: spacedJson(repeated.result), reward: 0, fact: null } } : { tool };
}

/** The answer in words that a model can act on. */
function refused(reason: string, why: Refusal): { readonly answer: ToolAnswer } {
  return { answer: { ok: true, text: spacedJson({ error: reason }), reward: -1, fact: null, refused: why } };
}
