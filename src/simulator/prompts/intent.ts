// The prompt of the task writer, intent first (TRUSTEE, arXiv 2604.17739): one question whose answer contains the whole task. The
// fields are the paper's, the wording is not. What all tasks share (role, example) comes first, so that the engine computes it
// once.
import type { ChatMessage } from "../../llm/llm.ts";
import type { ToolSpec } from "../../types.ts";
import { fields } from "./task.ts";
import { bareResult } from "./tool.ts";

export interface IntentRequest {
  readonly tools: readonly ToolSpec[];
  readonly calls: number;
  /** 0 expert, 1 beginner, 2 novice. */
  readonly persona: number;
  /** 0 clear, 1 somewhat, 2 highly ambiguous. */
  readonly ambiguity: number;
  /** 0 short .. 2 long. */
  readonly turns: number;
  readonly situation: string;
  /** False if nothing will be called: no results are asked for. */
  readonly results: boolean;
}

const personas = [
  "an expert, who says what they need in a few words",
  "a beginner, who knows the goal but not the terms",
  "a novice, who uses everyday words and is unsure what is possible",
] as const;

const ambiguities = [
  "clear: it contains every value of the calls, word for word",
  "somewhat vague: it leaves out one or two of the values, which the person gives when asked",
  "very vague: it states the goal and hardly any values; the person gives them when asked",
] as const;

const lengths = ["short", "a few turns long", "long, with something to clarify"] as const;

/** Asks for one task over these tools. */
export function intentPrompt(request: IntentRequest): ChatMessage[] {
  const listed = request.tools.map((tool) => {
    const signature = `- ${tool.name}: ${tool.description} Arguments: ${fields(tool.parameters) || "none"}.`;
    return request.results ? `${signature} Result: ${fields(tool.returns ?? bareResult)}.` : signature;
  });
  const lines = [
    `Tools:\n${listed.join("\n")}`,
    `Setting: ${request.situation}`,
    `Calls needed, in order: ${request.calls}`,
    `The person is ${personas[request.persona] ?? personas[0]}.`,
    `The first query is ${ambiguities[request.ambiguity] ?? ambiguities[0]}.`,
    `The conversation will be ${lengths[request.turns] ?? lengths[0]}.`,
  ];
  return [
    {
      role: "system",
      content: [
        "You invent a person who needs something that the given tools can do, and answer with JSON only:",
        "user_intent: what the person wants in the end, with every detail, in the third person;",
        `expected_tool_calls: the calls that this needs, in order${request.results ? ", each with a believable result" : ""};`,
        "user_persona: who the person is, in a few words;",
        "first_user_query: the person's first message to the assistant, in the first person. It asks for something and does not name a tool.",
        "Values are specific: real names and places, dates in 2027, plausible numbers.",
        "",
        "For example, for a clear query and one call of the tool find_recipe with the arguments dish and guests:",
        '{"user_intent":"The user wants a recipe for mushroom risotto that serves 4 guests.","expected_tool_calls":[{"name":"find_recipe","arguments":{"dish":"mushroom risotto","guests":4}}],"user_persona":"a cook who knows what is needed","first_user_query":"I am cooking mushroom risotto for 4 guests tonight. Can you get me a recipe?"}',
      ].join("\n"),
    },
    { role: "user", content: lines.join("\n") },
  ];
}
