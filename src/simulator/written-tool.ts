// A tool whose results are all written by the simulator, as TRUSTEE publishes it: reason, reward for the call, result.
// Departs from it: rules decide first what a model need not (a call that no tool could carry out, one that was answered
// before), parallel calls come one after the other and see each other's results, and a tool that declares what it returns
// returns that or an error.

import type { ChatModel } from "../llm/llm.ts";
import { contradicted } from "../rules/contradiction.ts";
import { type Fact, factText } from "../rules/journal.ts";
import { spacedJson } from "../rules/json.ts";
import type { Json, Line, Task, ToolCall } from "../types.ts";
import { ask, type Patience, promptOver } from "./ask.ts";
import { toolPrompt, toolReply } from "./prompts/tool.ts";
import { answeredByRule, type ToolAnswer } from "./tool-rules.ts";

const replyTokens = 480;

/**
 * What the simulator says to `call`; rewards are -1, 0 or 1. An error is an answer, but no fact of the world.
 * @param task as tools are told of it (briefing.ts)
 * @param lines what was said so far; `journal` the facts of this episode so far
 */
export async function writtenResult(
  call: ToolCall,
  task: Task,
  lines: readonly Line[],
  journal: readonly Fact[],
  simulator: ChatModel,
  patience: Patience,
  signal?: AbortSignal,
): Promise<ToolAnswer> {
  const ruled = answeredByRule(call, task, lines, journal, []);
  if ("answer" in ruled) return ruled.answer;
  const { tool } = ruled;
  const answer = await ask<Reply>(
    simulator,
    {
      role: "tool",
      messages: promptOver(lines, simulator, { replyTokens }, (read) =>
        toolPrompt(task, tool, call, read, journal.map(factText)),
      ),
      schema: toolReply(tool),
      check: (given) => {
        const reply = given as Reply; // the schema was checked by ask
        return contradicted(call, reply.result, tool, journal) ?? { value: reply };
      },
      // the call, not the sample: one task's world draws alike for the same call in every episode
      seedNames: [task.id, "tool", call.name, spacedJson(call.arguments)],
      maxTokens: replyTokens,
      temperature: 0.6,
    },
    patience,
    signal,
  );
  if (!answer.ok) return answer;
  const { result, reward } = answer.value;
  return { ok: true, text: spacedJson(result), reward, fact: isError(result) ? null : { ...call, result } };
}

type Reply = { readonly [key: string]: Json } & { readonly reward: number; readonly result: Json };

/** A tool may also declare a field named error; alone it is our own. */
function isError(result: Json): boolean {
  return typeof result === "object" && result !== null && Object.keys(result).join() === "error";
}
