// Whether the trials of a config can be made, and its best checkpoint be chosen. Pure.
import type { Config } from "./config.ts";

/** Tokens of a short call with its markup and a short result: with fewer no trial fits. */
const leastTokens = 64;

/** What is wrong, as a sentence that says what to do; null: nothing. Two more calls' room is for those that are meant and the report. */
export function trialFault(config: Pick<Config, "trial" | "rollout" | "engine" | "evaluation">): string | null {
  const { trial, rollout, engine, evaluation } = config;
  if (trial.turns === 0) return null;
  const room = Math.min(rollout.responseTokens, engine.policyContext);
  const most = Math.floor(room / leastTokens) - 2;
  if (trial.phase && evaluation.decisions > 0)
    return `Config key "evaluation.decisions": the best checkpoint is chosen by first turns, and with trials a first turn that tries decides nothing: the policy that tries least would be chosen. Set evaluation.decisions=0, as the preset laptop-trial does, or trial.turns=0.`;
  if (trial.turns <= most) return null;
  const needed = (trial.turns + 2) * leastTokens;
  const key = rollout.responseTokens <= engine.policyContext ? "rollout.responseTokens" : "engine.policyContext";
  const fewer = most > 0 ? `trial.turns=${most} at most` : "trial.turns=0";
  return `Config key "trial.turns": ${trial.turns} trials and the calls that follow them take ${needed} tokens or more, but ${key} is ${room}. Set ${fewer}, or raise ${key}.`;
}
