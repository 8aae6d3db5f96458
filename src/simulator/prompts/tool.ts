// The prompts of a tool: of one that stands beside a blueprint and gives its result alone, and of one that writes all of its
// results, where role, the task's tools and the user's goal come first and are the same for all calls of a task's episodes,
// then what was said, what tools have stated, and the call.

import type { ChatMessage } from "../../llm/llm.ts";
import { spacedJson } from "../../rules/json.ts";
import type { JsonSchema, Line, Task, ToolCall, ToolSpec } from "../../types.ts";
import { transcriptText } from "./transcript.ts";

/** What a tool beside a blueprint returns that declares nothing. */
export const bareResult: JsonSchema = {
  type: "object",
  properties: { status: { type: "string", maxLength: 40 } },
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

const role = `You act as the software behind the tools of an assistant. A call is valid in form already; you carry it out in a plausible world and judge it.
Answer with JSON:
reason: one sentence on whether this call was the right thing to do now
reward: 1 if it serves the user's goal with the right values, 0 if it does no good and no harm, -1 if it is wrong, pointless or made up
result: what the tool returns for the values of this call, whether it serves the user or not: software carries out what it is told. Concrete values that agree with every earlier result; {"error": "..."} only where such a thing cannot exist

For example, where the user wants a cake for 6 guests:
order_cake {"guests": 6}: {"reason":"That is what the user wants.","reward":1,"result":{"order":"K7","price":42}}
order_cake {"guests": 9}: {"reason":"The user wants 6 guests, not 9.","reward":-1,"result":{"order":"K8","price":63}}
cancel_cake {"order": "none"}: {"reason":"There is no such order.","reward":-1,"result":{"error":"no order 'none'"}}`;

/** Reason first, then reward, then the result under the tool's `returns` (a free one without it), or an error. */
export function toolReply(tool: ToolSpec): JsonSchema {
  return {
    type: "object",
    properties: {
      reason: { type: "string", minLength: 3, maxLength: 240 },
      reward: { type: "integer", enum: [-1, 0, 1] },
      result: { anyOf: [tool.returns ?? freeResult, toolError] },
    },
    required: ["reason", "reward", "result"],
  };
}

const plain: JsonSchema = {
  anyOf: [
    { type: "string", maxLength: 1000 }, // the grammar shares them out
    { type: "number", minimum: -9_999_999_999, maximum: 9_999_999_999 },
    { type: "boolean" },
    { type: "null" },
  ],
};
const fieldsOf = (value: JsonSchema, most: number): JsonSchema => ({
  type: "object",
  minProperties: 1,
  maxProperties: most,
  propertyNames: { pattern: "^[A-Za-z][A-Za-z0-9_]{0,23}$" },
  additionalProperties: value,
});
const listOf = (items: JsonSchema, maxItems: number): JsonSchema => ({ type: "array", items, maxItems });

/**
 * What a tool may return that says nothing of it, as those of ToolBench: fields, among them lists and records of fields, or a
 * list of records. TRUSTEE's return any text; the bounds keep a reply within its tokens.
 */
const freeResult: JsonSchema = {
  anyOf: [
    fieldsOf({ anyOf: [plain, fieldsOf(plain, 4), listOf(plain, 4), listOf(fieldsOf(plain, 4), 2)] }, 4),
    listOf(fieldsOf(plain, 6), 4),
  ],
};

const toolError: JsonSchema = {
  type: "object",
  properties: { error: { type: "string", minLength: 3, maxLength: 120 } },
  required: ["error"],
};

export function toolPrompt(asked: {
  readonly task: Task;
  readonly tool: ToolSpec;
  readonly call: ToolCall;
  readonly lines: readonly Line[];
  /** The earlier calls of the episode with their results, in order, as text. */
  readonly facts: readonly string[];
}): ChatMessage[] {
  const { task, tool, call, lines, facts } = asked;
  const tools = task.tools.map(({ name, description, parameters }) => `${name}: ${description} ${spacedJson(parameters)}`);
  const shape = tool.returns
    ? `Its result has the shape: ${spacedJson(tool.returns)}`
    : "Its result has the fields that such software returns; what it finds several of is a list.";
  const said = lines.filter(({ role }) => role === "user" || role === "assistant");
  return [
    { role: "system", content: role },
    {
      role: "user",
      content: [
        `Tools:\n${tools.join("\n")}`,
        `The user wants: ${task.intent}`,
        `Said so far:\n${transcriptText(said)}`,
        `Earlier results:\n${facts.length === 0 ? "none" : facts.join("\n")}`,
        `The call: ${tool.name} ${spacedJson(call.arguments)}\n${shape}`,
      ].join("\n\n"),
    },
  ];
}
