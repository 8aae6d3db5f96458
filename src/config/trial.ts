// Whether the trials of a config can be made, and its best checkpoint be chosen. Pure.
import type { Config } from "./config.ts";
import { cellKinds, trainedKinds } from "./drift.ts";

/** Tokens of a short call with its markup and a short result: with fewer no trial fits. */
const leastTokens = 64;

/** What is wrong, as a sentence that says what to do; null: nothing. Two more calls' room is for those that are meant and the report. */
export function trialFault(config: Pick<Config, "trial" | "rollout" | "evaluation" | "simulator" | "tasks">): string | null {
  const { trial, evaluation, simulator, tasks } = config;
  const { responseTokens } = config.rollout;
  if (trial.turns === 0) return null;
  const most = Math.floor(responseTokens / leastTokens) - 2;
  if (trial.phase && evaluation.decisions > 0)
    return `Config key "evaluation.decisions": the best checkpoint is chosen by first turns, and with trials a first turn that tries decides nothing: the policy that tries least would be chosen. Set evaluation.decisions=0, as the preset laptop-trial does, or trial.turns=0.`;
  // the right episode tries the call and makes it: a shared world with tables would refuse what was created or cancelled already
  if (trial.phase && trial.world === "shared" && simulator.tools === "executed")
    return `Config key "trial.world": executed tools remember what a trial did, and would refuse the call that is meant. Set trial.world=scratch.`;
  const decoys =
    (tasks.drift > 0 && trainedKinds(config).includes("decoy")) ||
    (evaluation.perCell > 0 && cellKinds(config).includes("decoy"));
  if (trial.phase && trial.world === "shared" && decoys)
    return `Config key "trial.world": of two tools that look alike the right episode tries both, which in a shared world does harm. Set trial.world=scratch, or leave decoy out of tasks.driftKinds and evaluation.heldOutKinds.`;
  if (trial.turns <= most) return null;
  const needed = (trial.turns + 2) * leastTokens;
  const fewer = most > 0 ? `trial.turns=${most} at most` : "trial.turns=0";
  return `Config key "trial.turns": ${trial.turns} trials and the calls that follow them take ${needed} tokens or more, but rollout.responseTokens is ${responseTokens}. Set ${fewer}, or raise rollout.responseTokens.`;
}
