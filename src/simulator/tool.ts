// A tool's answer to one call. Rules first: unknown tool, wrong arguments, an expected call (its blueprint result), an id
// that no tool ever gave out. Only another valid call asks the simulator, under the tool's return schema, with the journal
// of what tools have said so far beside it. Departs from TRUSTEE: parallel calls are answered in order, each seeing the
// earlier results, and no model is asked what a rule can tell.
import { spacedJson } from "../json-text.ts";
import type { ChatModel } from "../llm/llm.ts";
import { isSameCall, sameValue } from "../tasks/values.ts";
import type { ExpectedCall, Failure, Json, JsonObject, JsonSchema, Task, ToolCall } from "../types.ts";
import { ask, type Patience } from "./ask.ts";
import { calledTool } from "./called-tool.ts";

/** A call that was carried out and what came of it. */
export interface Fact extends ToolCall {
  readonly result: Json;
}

export type ToolAnswer =
  | { readonly ok: true; readonly text: string; readonly reward: number; readonly fact: Fact | null }
  | { readonly ok: false; readonly failure: Failure };

/** What the world says to `call`. `journal` holds the facts of this episode so far; rewards are -1, 0 or 1. */
export async function answerCall(
  call: ToolCall,
  task: Task,
  journal: readonly Fact[],
  simulator: ChatModel,
  patience: Patience,
  signal?: AbortSignal,
): Promise<ToolAnswer> {
  const called = calledTool(call, task.tools);
  if ("fault" in called) return wrong(called.fault);
  const { tool } = called;
  const expected = task.expected.find((candidate) => isSameCall(candidate, call));
  if (expected) return { ok: true, text: spacedJson(expected.result), reward: 1, fact: { ...call, result: expected.result } };
  const invented = inventedId(call, task, journal);
  if (invented !== null) return wrong(`no such ${invented}: ${JSON.stringify(call.arguments[invented])}`);
  const repeated = journal.find((fact) => isSameCall(fact, call));
  if (repeated) return { ok: true, text: spacedJson(repeated.result), reward: 0, fact: null };

  const schema: JsonSchema = tool.returns ?? {
    type: "object",
    properties: { status: { type: "string", maxLength: 40 } },
    required: ["status"],
  };
  const answer = await ask<Json>(
    simulator,
    {
      role: "tool",
      messages: [
        {
          role: "system",
          content: "You act as a software tool. You answer with the tool's JSON result only, consistent with earlier results.",
        },
        {
          role: "user",
          content: `Tool ${tool.name}: ${tool.description}\nResult shape: ${spacedJson(schema)}\nEarlier results: ${journal.length === 0 ? "none" : journal.map(factText).join("\n")}\nCall: ${spacedJson({ ...call.arguments })}`,
        },
      ],
      schema,
      check: (value) => ({ value }),
      // the call, not the sample: one task's world answers the same call alike in every episode
      seedNames: [task.id, "tool", tool.name, spacedJson(call.arguments)],
      maxTokens: 160,
      temperature: 0.7,
    },
    patience,
    signal,
  );
  if (!answer.ok) return answer;
  return { ok: true, text: spacedJson(answer.value), reward: 0, fact: { ...call, result: answer.value } };
}

/** The answer to a call that is wrong by rule. */
export function wrong(reason: string): ToolAnswer {
  return { ok: true, text: spacedJson({ error: reason }), reward: -1, fact: null };
}

/** A fact as the simulator reads it. */
export function factText(fact: Fact): string {
  return `${fact.name}(${spacedJson(fact.arguments)}) = ${spacedJson(fact.result)}`;
}

/** The argument of a dependent call whose value no tool has given out and no user has said; null when there is none. */
function inventedId(call: ToolCall, task: Task, journal: readonly Fact[]): string | null {
  const second = task.dependent ? task.expected[1] : undefined;
  if (second?.name !== call.name) return null;
  const argument = dependentArgument(task.expected[0], second);
  const value = argument === null ? undefined : call.arguments[argument];
  if (argument === null || value === undefined) return null;
  const given = journal.some((fact) => sameValue((fact.result as JsonObject | null)?.[argument] ?? null, value));
  return given ? null : argument;
}

function dependentArgument(first: ExpectedCall | undefined, second: ExpectedCall): string | null {
  const result = first?.result;
  if (first === undefined || typeof result !== "object" || result === null || Array.isArray(result)) return null;
  // both may carry other arguments of one name, e.g. a date that the user said
  const names = Object.entries(result).filter(
    ([name, value]) => !(name in first.arguments) && name in second.arguments && sameValue(value, second.arguments[name] ?? null),
  );
  return names[0]?.[0] ?? null;
}

/** Tool results are cut in the middle: the head names what it is, the tail closes it. */
export function cutMiddle(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const half = Math.floor((characters - 5) / 2);
  return `${text.slice(0, half)} ... ${text.slice(text.length - half)}`;
}
