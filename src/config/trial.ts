// Whether the trials of a config can be made, and be paid for. Pure.
import type { Config } from "./config.ts";

/** Tokens of a short call with its markup and a short result: with fewer no trial fits. */
const leastTokens = 64;

/** What trials may cost in all: a right episode that costs more counts as none to learn from (reward/verdict.ts, isSolved). */
const mostPrice = 0.25;

/** What is wrong, as a sentence that says what to do; null: nothing. Two more calls' room is for those that are meant and the report. */
export function trialFault({ trial, rollout, engine }: Pick<Config, "trial" | "rollout" | "engine">): string | null {
  const room = Math.min(rollout.responseTokens, engine.policyContext);
  const most = Math.floor(room / leastTokens) - 2;
  if (trial.turns * trial.price > mostPrice)
    return `Config key "trial.price": ${trial.turns} trials at ${trial.price} cost more than ${mostPrice}, so that a right episode would not be one to learn from. Set trial.price=${Math.floor((mostPrice / trial.turns) * 100) / 100} at most.`;
  if (trial.turns <= most) return null;
  const needed = (trial.turns + 2) * leastTokens;
  const key = rollout.responseTokens <= engine.policyContext ? "rollout.responseTokens" : "engine.policyContext";
  const fewer = most > 0 ? `trial.turns=${most} at most` : "trial.turns=0";
  return `Config key "trial.turns": ${trial.turns} trials and the calls that follow them take ${needed} tokens or more, but ${key} is ${room}. Set ${fewer}, or raise ${key}.`;
}
