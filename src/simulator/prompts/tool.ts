// The prompts of a tool: one for a call outside the blueprint, which gives the result alone; and one for a tool that writes all
// of its results, where role, the task's tools and the user's goal come first and are the same for all calls in a task's
// episodes, then the conversation, the earlier results and the call.

import type { ChatMessage } from "../../llm/llm.ts";
import { spacedJson } from "../../rules/json.ts";
import type { JsonSchema, Line, Task, ToolCall, ToolSpec } from "../../types.ts";
import { transcriptText } from "./transcript.ts";

/** The result of a tool without a return schema in a blueprint, and of other calls in its world. */
export const bareResult: JsonSchema = {
  type: "object",
  properties: { status: { type: "string", minLength: 1, maxLength: 40 } },
  required: ["status"],
};

/** `earlier`: the calls of the episode with their results, as text. */
export function resultPrompt(tool: ToolSpec, call: ToolCall, earlier: string): ChatMessage[] {
  const shape = spacedJson(tool.returns ?? bareResult);
  return [
    {
      role: "system",
      content: "You act as a software tool. You answer with the tool's JSON result only, consistent with earlier results.",
    },
    {
      role: "user",
      content: `Tool ${tool.name}: ${tool.description}\nResult shape: ${shape}\nEarlier results: ${earlier}\nCall: ${spacedJson({ ...call.arguments })}`,
    },
  ];
}

const role = `You act as the software behind an assistant's tools. The format of the call is already known to be valid; you execute it in a plausible world and judge it.
Answer with JSON:
reason: one sentence about whether this call was the right thing to do now
reward: 1 if it serves the user's goal with the right values, 0 if it neither helps nor harms, -1 if it is wrong, pointless or made up
result: what the tool returns for the values of this call, whether or not it serves the user: software does what it is told. Use concrete values that agree with every earlier result, and {"error": "..."} only if such a thing cannot exist

For example, if the user wants a cake for 6 guests:
order_cake {"guests": 6}: {"reason":"That is what the user wants.","reward":1,"result":{"order":"K7","price":42}}
order_cake {"guests": 9}: {"reason":"The user wants 6 guests, not 9.","reward":-1,"result":{"order":"K8","price":63}}
cancel_cake {"order": "none"}: {"reason":"There is no such order.","reward":-1,"result":{"error":"no order 'none'"}}`;

/** Reason first, then reward, then the result: under the tool's `returns`, or an error; without `returns` any JSON value. */
export function toolReply(tool: ToolSpec): JsonSchema {
  return {
    type: "object",
    properties: {
      reason: { type: "string", minLength: 3, maxLength: 240 },
      reward: { type: "integer", enum: [-1, 0, 1] },
      result: tool.returns === undefined ? { "x-any": true } : { anyOf: [tool.returns, toolError] },
    },
    required: ["reason", "reward", "result"],
  };
}

const toolError: JsonSchema = {
  type: "object",
  properties: { error: { type: "string", minLength: 3, maxLength: 120 } },
  required: ["error"],
};

/** `lines`: what was said so far, and as results the earlier calls with what they returned. */
export function toolPrompt(asked: {
  readonly task: Task;
  readonly tool: ToolSpec;
  readonly call: ToolCall;
  readonly lines: readonly Line[];
}): ChatMessage[] {
  const { task, tool, call, lines } = asked;
  const tools = task.tools.map(({ name, description, parameters }) => `${name}: ${description} ${spacedJson(parameters)}`);
  const shape = tool.returns
    ? `Shape of its result: ${spacedJson(tool.returns)}`
    : "Its result is what such software returns, as JSON: an object, a list of several items, a text, a number, or null if nothing is found. It has at most 400 characters.";
  const said = lines.filter(({ role }) => role === "user" || role === "assistant");
  const earlier = lines.filter(({ role }) => role === "result").map(({ text }) => text);
  return [
    { role: "system", content: role },
    {
      role: "user",
      content: [
        `Tools:\n${tools.join("\n")}`,
        `The user wants: ${task.intent}`,
        `Conversation so far:\n${transcriptText(said)}`,
        `Earlier results:\n${earlier.length === 0 ? "none" : earlier.join("\n")}`,
        `The call: ${tool.name} ${spacedJson(call.arguments)}\n${shape}`,
      ].join("\n\n"),
    },
  ];
}
