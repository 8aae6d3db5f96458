// The verdict that the simulator writes, as TRUSTEE publishes it: a reason, then -1, 0 or 1 by the first criteria of the
// ladder. One rule comes first: where a call is due and none of an offered tool was made, it is -1 and nobody is asked.
// Departs from TRUSTEE there: a malformed call or one of an unknown tool is not "a tool was used". Under about 4B such a
// verdict carries no information (design, section 10).
import type { ChatModel } from "../llm/llm.ts";
import type { Json, ToolSpec } from "../types.ts";
import { ask, type Patience } from "./ask.ts";
import type { Brief } from "./briefing.ts";
import type { Line } from "./prompts/transcript.ts";
import { verdictPrompt, verdictReply } from "./prompts/verdict.ts";
import type { Judged } from "./verifier.ts";

export interface WrittenVerdict {
  readonly reward: -1 | 0 | 1;
  readonly reason: string;
  /** Decided without the model. */
  readonly byRule?: true;
}

/**
 * The verdict on an episode.
 * @param task as the verifier is told of it (briefing.ts)
 * @param lines the whole talk with its calls and results
 * @param names of the episode: the draw's seed derives from them
 */
export async function writtenVerdict(
  task: Brief,
  lines: readonly Line[],
  simulator: ChatModel,
  patience: Patience,
  names: readonly (string | number)[],
  signal?: AbortSignal,
): Promise<Judged<WrittenVerdict>> {
  if (task.kind === "call" && !lines.some((line) => isCallOf(line, task.tools)))
    return { ok: true, value: { reward: -1, reason: "no call where one is due", byRule: true } };
  return ask<WrittenVerdict>(
    simulator,
    {
      role: "verifier",
      messages: verdictPrompt(task, lines),
      schema: verdictReply,
      check: (reply) => ({ value: reply as Reply }), // the schema was checked by ask
      seedNames: [...names, "verifier"],
      maxTokens: 200,
      temperature: 0.6,
    },
    patience,
    signal,
  );
}

type Reply = { readonly [key: string]: Json } & WrittenVerdict;

/** A well-formed call of an offered tool: the line of a malformed one holds the text as it was sampled. */
function isCallOf(line: Line, tools: readonly ToolSpec[]): boolean {
  if (line.role !== "call") return false;
  try {
    const { name, arguments: given, ...more } = JSON.parse(line.text) as Record<string, Json>;
    const whole = typeof given === "object" && given !== null && Object.keys(more).length === 0;
    return whole && tools.some((tool) => tool.name === name);
  } catch {
    return false;
  }
}
