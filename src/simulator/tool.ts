// A tool's answer to one call, from the blueprint first. Rules decide what they can (tool-rules.ts); only another valid call
// asks the simulator, under the tool's return schema, with the journal beside it. A reply that contradicts the journal is asked for again; one that still does
// after the last try aborts the episode as the tool's failure: what followed could not be judged fairly.
// Departs from TRUSTEE: parallel calls are answered in order, each seeing the earlier results, and no model is asked what a
// rule can tell.

import type { ChatModel } from "../llm/llm.ts";
import { contradicted, contradictions, putRight } from "../rules/contradiction.ts";
import { type Fact, isReading, listing } from "../rules/journal.ts";
import { spacedJson } from "../rules/json.ts";
import type { Json, JsonSchema, Line, Task, ToolCall, ToolSpec } from "../types.ts";
import { ask, type Patience } from "./ask.ts";
import { answeredByRule, type ToolAnswer } from "./tool-rules.ts";

/**
 * What the world says to `call`; rewards are -1, 0 or 1.
 * @param lines what was said so far
 * @param journal the facts of this episode so far
 */
export async function answerCall(
  call: ToolCall,
  task: Task,
  lines: readonly Line[],
  journal: readonly Fact[],
  simulator: ChatModel,
  patience: Patience,
  signal?: AbortSignal,
): Promise<ToolAnswer> {
  const ruled = answeredByRule(call, task, lines, journal, task.expected);
  if ("answer" in ruled) return ruled.answer;
  const { tool } = ruled;
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
          content: `Tool ${tool.name}: ${tool.description}\nResult shape: ${spacedJson(schema)}\nEarlier results: ${listing(journal)}\nCall: ${spacedJson({ ...call.arguments })}`,
        },
      ],
      schema,
      check: (value) => contradicted(call, value, tool, journal) ?? { value: foretold(call, value, tool, task, journal) },
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

/** The reply in agreement with what the blueprint's reading calls will say: the simulator is not told it, so that no prompt gives it away. */
function foretold(call: ToolCall, reply: Json, tool: ToolSpec, task: Task, journal: readonly Fact[]): Json {
  const blueprint = task.expected.filter(({ name }) => isReading(name));
  return putRight(reply, contradictions(call, reply, tool, [...blueprint, ...journal]));
}

/** Tool results are cut in the middle: the head names what it is, the tail closes it. */
export function cutMiddle(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const half = Math.floor((characters - 5) / 2);
  return `${text.slice(0, half)} ... ${text.slice(text.length - half)}`;
}
