// The prompt of a written verdict: role and task first, the same for a whole group, then the talk and the criteria.

import type { ChatMessage } from "../../llm/llm.ts";
import { spacedJson } from "../../rules/json.ts";
import type { JsonSchema, Line } from "../../types.ts";
import { type Brief, isTold } from "../briefing.ts";
import { criteria } from "../criteria.ts";
import { transcriptText } from "./transcript.ts";

/** Reason first: a reward that is written before its reason is a guess. */
export const verdictReply: JsonSchema = {
  type: "object",
  properties: {
    reason: { type: "string", minLength: 3, maxLength: 400 },
    reward: { type: "integer", enum: [-1, 0, 1] },
  },
  required: ["reason", "reward"],
};

// no examples: a small judge tells of them instead of the talk
const role = `You judge how an assistant with tools has served a user. What the assistant says about itself is no evidence; calls and results are.
Answer with JSON:
reason: what was called, what came back and what the user was told of it; then which criteria are met and which are not
reward: 1 if all criteria are met, 0 if most are, -1 if most are not`;

/** `task.criteria` says how far up the ladder the verdict goes. */
export function verdictPrompt(task: Brief, lines: readonly Line[]): ChatMessage[] {
  const known = [
    `The user wants: ${task.intent}`,
    `First message: ${task.firstMessage}`,
    ...(task.persona === "" ? [] : [`The user: ${task.persona}`]),
    ...(isTold(task, "expected-calls") ? [`Expected calls: ${expectedText(task)}`] : []),
  ];
  const held = criteria.slice(0, Math.max(1, task.criteria)).map((criterion, index) => `${index + 1}. ${criterion}`);
  return [
    { role: "system", content: role },
    {
      role: "user",
      content: `${known.join("\n")}\n\nConversation:\n${transcriptText(lines)}\n\nCriteria:\n${held.join("\n")}\n\nYour verdict:`,
    },
  ];
}

/** Names and values; where the intent is withheld the names alone, which is what TRUSTEE's verifier has in any case. */
function expectedText(task: Brief): string {
  if (task.kind === "decline") return "none; no tool at hand fits, and right is to call none and to say so";
  const told = isTold(task, "intent");
  return task.expected.map((call) => (told ? `${call.name} ${spacedJson(call.arguments)}` : call.name)).join(", then ");
}
