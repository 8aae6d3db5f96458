// The phases of an episode with trials (ToolMaster): which turn tries tools and which acts, read from the policy's own words, and
// which trials are not answered. An episode has one of these.
import type { Config } from "../config/config.ts";
import { beginsTrial, hasTrials, noTrial } from "../llm/text/trial.ts";
import type { Limits, Phase, Task } from "../types.ts";

/** What a turn with calls is for. */
export interface Purposed {
  readonly phase: Phase;
  /** Why its calls are not answered; null: they are. */
  readonly refusal: string | null;
}

export interface Phases {
  /** Of the next turn with calls. The first one that is no trial begins the execution. */
  next(text: string): Purposed;
}

export function openPhases(trial: Config["trial"] | undefined): Phases {
  let left = hasTrials(trial) ? trial.turns : 0;
  let acts = false;
  return {
    next(text) {
      if (!hasTrials(trial) || !beginsTrial(text)) {
        acts = true;
        return { phase: "execution", refusal: null };
      }
      if (acts) return { phase: "execution", refusal: noTrial.late };
      if (left === 0) return { phase: "trial", refusal: noTrial.spent };
      left--;
      return { phase: "trial", refusal: null };
    },
  };
}

/**
 * The limits of an episode. Where trials are no phase, their turns are turns like any other: there are as many in all, and at least
 * the one in which a call is corrected that went by a page that an error told to be untrue.
 */
export function limitsOf({ limits, drift }: Pick<Task, "limits" | "drift">, trial: Config["trial"] | undefined): Limits {
  const { turns = 0 } = trial ?? {};
  if (hasTrials(trial)) return limits;
  const corrections = drift !== undefined && drift.kind !== "decoy" ? 1 : 0;
  const more = Math.max(turns, corrections);
  return more === 0 ? limits : { ...limits, assistantTurns: limits.assistantTurns + more, toolTurns: limits.toolTurns + more };
}
