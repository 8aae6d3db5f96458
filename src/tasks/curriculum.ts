// Mean reward of a step -> level of the next: TRUSTEE's adaptive curriculum (arXiv 2604.17739), updated every step. Pure.
// Departs: aborted episodes are not part of the mean (the caller leaves them out), and a step without any reward does not
// change the level. The level is saved in the same transaction as its step, so a resume loses no change.
import type { Config } from "../config/config.ts";
import { presets } from "../config/presets.ts";

/** What the rule reads of `Config["curriculum"]`. */
export type CurriculumOptions = Pick<Config["curriculum"], "step" | "floor" | "cap" | "raiseAt" | "lowerAt" | "every">;

/**
 * At `raiseAt` or above the level rises by `step`, at `lowerAt` or below it falls, otherwise it stays.
 * @param meanReward mean outcome reward over episodes that were not aborted; null or NaN when there was none
 * @param options differences from the published rule
 * @param closing number of the step that is being closed: only every `every`-th step changes the level, by its own mean alone.
 *   Taken from the step's number, so that there is no counter to save
 * @returns the level, within floor..cap (unchanged when there was no reward)
 */
export function nextLevel(
  level: number,
  meanReward: number | null,
  options: Partial<CurriculumOptions> = {},
  closing = 0,
): number {
  const { step, floor, cap, raiseAt, lowerAt, every } = { ...presets.trustee.curriculum, ...options };
  if (meanReward === null || Number.isNaN(meanReward) || closing % every !== 0) return level;
  const moved = meanReward >= raiseAt ? level + step : meanReward <= lowerAt ? level - step : level;
  return Math.min(cap, Math.max(floor, moved));
}
