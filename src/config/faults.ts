// Whether the keys of a config go together: each rule tells what is wrong, as a sentence that says what to do. Pure.
import type { Config } from "./config.ts";
import { cellKinds, trainedKinds } from "./drift.ts";

/** What is wrong with a config whose keys are right one by one; null: nothing. */
export function configFault(config: Config): string | null {
  return (
    withholdFault(config) ??
    executedFault(config) ??
    roomFault(config) ??
    boundsFault(config) ??
    driftFault(config) ??
    trialFault(config)
  );
}

/** The menu of a chosen user and the anchors of a log-odds judge contain what is withheld. */
function withholdFault({ simulator, reward }: Config): string | null {
  if (simulator.withhold.length === 0 || (simulator.user === "written" && reward.verdict === "written")) return null;
  return 'Config key "simulator.withhold": only written roles can have something withheld: also set simulator.user=written and reward.verdict=written.';
}

function executedFault({ simulator, tasks }: Config): string | null {
  if (simulator.tools !== "executed" || tasks.source !== null) return null;
  return 'Config key "simulator.tools": executed tools work on the tables of an assembled task set: also set tasks.source to the name of one, as the command synth makes it.';
}

/** A response has to leave room for a prompt. */
function roomFault({ engine, rollout }: Config): string | null {
  if (rollout.responseTokens < engine.policyContext) return null;
  return `Config key "rollout.responseTokens": a response of ${rollout.responseTokens} tokens leaves no room for a prompt in engine.policyContext (${engine.policyContext}). Raise engine.policyContext or lower rollout.responseTokens.`;
}

/** Bounds that belong together are in order. */
function boundsFault({ curriculum, rollout, steps, tasks }: Config): string | null {
  const { floor, cap, start, lowerAt, raiseAt } = curriculum;
  const { lowest, highest } = rollout.temperatureControl;
  if (floor > cap)
    return `Config key "curriculum.floor": the lowest level (${floor}) is above the highest, curriculum.cap (${cap}). Lower the one or raise the other.`;
  // with a task set the level stays where it starts
  if (tasks.source === null && steps > 1 && (start < floor || start > cap))
    return `Config key "curriculum.start": the first step is at level ${start}, and the levels go from ${floor} to ${cap}: the second would jump there. Set curriculum.start within them, or curriculum.${start < floor ? "floor" : "cap"}=${start}.`;
  if (lowerAt > raiseAt)
    return `Config key "curriculum.lowerAt": the level would fall at a mean reward of ${lowerAt}, which is above the one at which it rises, curriculum.raiseAt (${raiseAt}). Lower the one or raise the other.`;
  if (lowest > highest)
    return `Config key "rollout.temperatureControl.lowest": the lowest temperature (${lowest}) is above the highest, rollout.temperatureControl.highest (${highest}). Lower the one or raise the other.`;
  return null;
}

/** There is a kind of drift left to train on, and cells are written in the run. */
function driftFault(config: Config): string | null {
  const { tasks, evaluation } = config;
  if (tasks.drift > 0 && trainedKinds(config).length === 0) {
    const held = evaluation.heldOutKinds.join(", ") || "none";
    return `Config key "tasks.drift": ${tasks.drift} of the tasks are to drift, but no kind is left to train on (tasks.driftKinds: ${tasks.driftKinds.join(", ") || "none"}; evaluation.heldOutKinds: ${held}). Hold fewer kinds out, or set tasks.drift=0.`;
  }
  if (evaluation.perCell > 0 && tasks.source !== null)
    return `Config key "evaluation.perCell": the tasks of the cells are written in the run, not drawn from a task set. Set evaluation.perCell=0, or leave out tasks.source.`;
  return null;
}

/** Tokens of a short call with its markup and a short result: with fewer no trial fits. */
const leastTokens = 64;

/** Trials can be made, and the best checkpoint be chosen. Two more calls' room is for those that are meant and the report. */
function trialFault(config: Config): string | null {
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
