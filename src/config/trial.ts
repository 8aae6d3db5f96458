// Whether the trials of a config can be made, and its best checkpoint be chosen. Pure.
import type { Config } from "./config.ts";

/** Tokens of a short call with its markup and a short result: with fewer no trial fits. */
const leastTokens = 64;

/** What is wrong, as a sentence that says what to do; null: nothing. Two more calls' room is for those that are meant and the report. */
export function trialFault(config: Pick<Config, "trial" | "rollout" | "evaluation">): string | null {
  const { trial, evaluation } = config;
  const { responseTokens } = config.rollout;
  if (trial.turns === 0) return null;
  const most = Math.floor(responseTokens / leastTokens) - 2;
  if (trial.phase && evaluation.decisions > 0)
    return `Config key "evaluation.decisions": the best checkpoint is chosen by first turns, and with trials a first turn that tries decides nothing: the policy that tries least would be chosen. Set evaluation.decisions=0, as the preset laptop-trial does, or trial.turns=0.`;
  if (trial.turns <= most) return null;
  const needed = (trial.turns + 2) * leastTokens;
  const fewer = most > 0 ? `trial.turns=${most} at most` : "trial.turns=0";
  return `Config key "trial.turns": ${trial.turns} trials and the calls that follow them take ${needed} tokens or more, but rollout.responseTokens is ${responseTokens}. Set ${fewer}, or raise rollout.responseTokens.`;
}
