// The verdict that the simulator writes, as TRUSTEE publishes it: a reason, then -1, 0 or 1 by the first criteria of the
// ladder. Nobody is asked where a due call is missing (reward/judge.ts). Under about 4B such a verdict carries no
// information (docs/simulator-health.md).
import type { ChatModel } from "../llm/llm.ts";
import type { Json, Line } from "../types.ts";
import { ask, type Patience, promptOver } from "./ask.ts";
import type { Brief } from "./briefing.ts";
import { verdictPrompt, verdictReply } from "./prompts/verdict.ts";
import type { Judged } from "./verifier.ts";

const replyTokens = 200;

export interface WrittenVerdict {
  readonly reward: -1 | 0 | 1;
  readonly reason: string;
}

/**
 * The verdict on an episode.
 * @param task as the verifier is told of it (briefing.ts)
 * @param lines the whole talk with its calls and results, its last turn and what was not carried out included
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
  return ask<WrittenVerdict>(
    simulator,
    {
      role: "verifier",
      messages: promptOver(lines, simulator, { replyTokens }, (read) => verdictPrompt(task, read)),
      schema: verdictReply,
      check: (reply) => ({ value: reply as Reply }), // the schema was checked by ask
      seedNames: [...names, "verifier"],
      maxTokens: replyTokens,
      temperature: 0.6,
    },
    patience,
    signal,
  );
}

type Reply = { readonly [key: string]: Json } & WrittenVerdict;
