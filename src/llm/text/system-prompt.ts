// The system prompt of an episode: the task's own, then how to try tools and how to end, as far as the config has the policy do so.
import type { Config } from "../../config/config.ts";
import { promptForAnswer } from "./final-answer.ts";
import { hasTrials, promptForTrials } from "./trial.ts";

/** What a policy is to do beside its task. */
export interface Instructions {
  /** Who ends the episode; absent: the user. */
  readonly ends?: Config["rollout"]["ends"];
  /** Trials before the execution; absent: there are none. */
  readonly trial?: Config["trial"] | undefined;
}

export function instructionsIn({ rollout, trial }: Pick<Config, "rollout" | "trial">): Instructions {
  return { ends: rollout.ends, trial };
}

export function systemPromptUnder(systemPrompt: string, { ends = "user", trial }: Instructions): string {
  const tries = hasTrials(trial) ? promptForTrials(systemPrompt, trial) : systemPrompt;
  return ends === "answer" ? promptForAnswer(tries) : tries;
}
