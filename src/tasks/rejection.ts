// Why a draft is rejected: the rules that every written task must pass, in either direction of writing, and the names under
// which rejections are counted (tasks/rejected/<stage>). Pure. Departs from the paper's code, which accepts every draft with a
// non-empty query: it checks neither the expected tools nor the wording.
import { PlayactError } from "../errors.ts";
import { type Instructions, systemPromptUnder } from "../llm/text/system-prompt.ts";
import type { EpisodeTemplate } from "../llm/text/template.ts";
import { spacedJson } from "../rules/json.ts";
import { namedTool } from "../rules/language/spoken.ts";
import type { ExpectedCall, Task } from "../types.ts";

export const rejectionStages = [
  "calls", // no calls that pass their checks, no answer in time, or schemas that are too much for one grammar
  "empty_message",
  "tool_named", // the first message names a tool
  "message_unclear", // intent first: it leaves out a value, although it should be clear
  "message_voice", // intent first: it does not sound like a person who asks for something
  "prompt_too_long", // prompt and response do not fit into the policy's context together
  "result_too_long", // the policy would read it cut, and could not report it
  "too_close", // to an earlier task (novelty.ts)
] as const;
export type RejectionStage = (typeof rejectionStages)[number];

export interface Rejection {
  readonly stage: RejectionStage;
  /** What exactly was wrong, in words. */
  readonly reason: string;
}

/** Tokens that the policy reads before its first turn, instructed as in the episode. */
export function promptTokens(
  task: Pick<Task, "systemPrompt" | "tools" | "firstMessage">,
  template: EpisodeTemplate,
  instructions: Instructions = {},
): number {
  const text = template.begin();
  const prompt = systemPromptUnder(task.systemPrompt, instructions);
  return text.system(prompt, task.tools).ids.length + text.user(task.firstMessage).ids.length;
}

/** What a policy can read of a task. */
export interface Readable {
  /** Tokens of its prompt, and the most there is room for: the policy's context minus the response. */
  readonly tokens: number;
  readonly room: number;
  /** Of one result (config rollout.toolChars); absent: any. */
  readonly resultCharacters?: number;
}

/** The first rule that a written task breaks, or null. */
export function rejectionOf(
  task: Task,
  { tokens, room, resultCharacters = Number.POSITIVE_INFINITY }: Readable,
): Rejection | null {
  if (task.firstMessage.trim() === "") return { stage: "empty_message", reason: "the first message is empty" };
  const named = namedTool(task.firstMessage, task.tools);
  if (named !== null) return { stage: "tool_named", reason: `the first message names ${named}` };
  if (tokens > room)
    return { stage: "prompt_too_long", reason: `the prompt has ${tokens} tokens, but there is room for ${room}` };
  const reason = longResult(task.expected, resultCharacters);
  return reason === null ? null : { stage: "result_too_long", reason };
}

/** What to say of a result that the policy would read cut; null: there is none. */
export function longResult(calls: readonly ExpectedCall[], characters: number): string | null {
  const longest = Math.max(0, ...calls.map(({ result }) => spacedJson(result).length));
  if (longest <= characters) return null;
  return `a result has ${longest} characters, and the policy reads ${characters} (raise rollout.toolChars)`;
}

/** Of tools that can be played each, but whose schemas are too much for one grammar: another draft has other tools. Throws anything else. */
export function tooLarge(thrown: unknown): Rejection {
  if (thrown instanceof PlayactError && thrown.boundary === "tools") return { stage: "calls", reason: thrown.message };
  throw thrown;
}
