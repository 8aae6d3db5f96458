// Why a draft is not taken: the rules that every written task must pass, whoever wrote it and in which direction, and the
// names under which rejections are counted (tasks/rejected/<stage>). Pure. Departs from the paper's code, which takes every
// draft with a query that is not empty: it checks neither the expected tools nor the words.
import type { EpisodeTemplate } from "../llm/text/template.ts";
import type { Task, ToolSpec } from "../types.ts";

export const rejectionStages = [
  "calls", // the simulator gave no calls that pass their checks, or did not answer in time
  "unknown_tool", // a tool is expected that is not offered, or none at all where a call is due
  "empty_message",
  "tool_named", // the first message names a tool
  "message_unclear", // intent first: it leaves out a value, and was to be clear
  "message_voice", // intent first: it is no person's who asks for something
  "prompt_too_long", // prompt and response do not fit into the policy's context together
  "too_close", // to an earlier task (novelty.ts)
] as const;
export type RejectionStage = (typeof rejectionStages)[number];

export interface Rejection {
  readonly stage: RejectionStage;
  /** What exactly was wrong, for people. */
  readonly reason: string;
}

/** Tokens that the policy reads before its first turn. */
export function promptTokens(task: Task, template: EpisodeTemplate): number {
  const text = template.begin();
  return text.system(task.systemPrompt, task.tools).ids.length + text.user(task.firstMessage).ids.length;
}

/**
 * The first rule that a written task breaks, or null.
 * @param prompt tokens of its prompt, and the most there is room for: the policy's context minus the response
 */
export function faultOf(task: Task, prompt: { readonly tokens: number; readonly room: number }): Rejection | null {
  const offered = new Set(task.tools.map(({ name }) => name));
  const unknown = task.expected.find(({ name }) => !offered.has(name));
  if (unknown) return { stage: "unknown_tool", reason: `${unknown.name} is expected and not offered` };
  if (task.kind === "call" && task.expected.length === 0) return { stage: "unknown_tool", reason: "no call is expected" };
  if (task.firstMessage.trim() === "") return { stage: "empty_message", reason: "the first message is empty" };
  const named = namedTool(task.firstMessage, task.tools);
  if (named !== null) return { stage: "tool_named", reason: `the first message names ${named}` };
  if (prompt.tokens > prompt.room)
    return { stage: "prompt_too_long", reason: `the prompt has ${prompt.tokens} tokens, there is room for ${prompt.room}` };
  return null;
}

/** A name that people do not say: with an underscore, a dot or an inner capital. "search" may stand in any sentence. */
const unspoken = /[_.]|[a-z][A-Z]/;

/** The name of a tool that a text gives away, or null. */
export function namedTool(text: string, tools: readonly ToolSpec[]): string | null {
  const found = tools.find(
    // tool names hold no other character that a pattern would read
    ({ name }) => unspoken.test(name) && new RegExp(`(?<!\\w)${name.replaceAll(".", "\\.")}(?!\\w)`, "i").test(text),
  );
  return found?.name ?? null;
}
