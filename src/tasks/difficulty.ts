// Level -> aspects of a task: TRUSTEE's formulas (arXiv 2604.17739) with the multipliers of its run script. Pure.
// Departs in two places: all aspects of a task come from ONE draw (the paper's code draws the tool count separately), and the
// floor tolerates binary rounding, so that 0.29 x 100 is 29 for any multiplier a user writes.
import type { Aspect, Config } from "../config/config.ts";
import { presets } from "../config/presets.ts";
import type { Draws } from "../rng.ts";

export type DifficultyOptions = Config["difficulty"];

/** The aspects of one task. Counts unless a scale is given. */
export interface Difficulty extends Readonly<Record<Aspect, number>> {
  readonly numTools: number;
  readonly expectedToolCalls: number;
  /** 0 expert, 1 beginner, 2 novice. */
  readonly userPersona: number;
  /** 0 clear, 1 somewhat, 2 highly ambiguous. */
  readonly queryAmbiguity: number;
  /** 0 short .. 2 long. */
  readonly expectedTurns: number;
  /** 1..5; the verifier also caps it by the simulator's size. */
  readonly numCriteria: number;
  /** 0 detailed, 1 medium, 2 brief, 3 one default sentence. */
  readonly systemPrompt: number;
  readonly maxUserTurns: number;
  readonly maxAssistantTurns: number;
  readonly maxToolTurns: number;
}

/** Far above the rounding error of decimal times level, far below the difference of any two real multipliers. */
const rounding = 1e-9;

/**
 * The aspects of a level, without any draw.
 * @param level integer 1..100; anything else throws a RangeError
 * @param options multipliers that differ from the published ones
 */
export function difficulty(level: number, options: Partial<DifficultyOptions> = {}): Difficulty {
  if (!Number.isInteger(level) || level < 1 || level > 100) {
    throw new RangeError(`level must be an integer from 1 to 100, got ${level}`);
  }
  const multipliers = { ...presets.trustee.difficulty, ...options };
  const { minTurns } = multipliers;
  const scaled = (multiplier: number) => Math.floor(multiplier * level + rounding);
  return {
    numTools: Math.max(1, scaled(multipliers.numTools)),
    expectedToolCalls: Math.max(1, scaled(multipliers.expectedToolCalls)),
    userPersona: Math.min(2, scaled(multipliers.userPersona)),
    queryAmbiguity: Math.min(2, scaled(multipliers.queryAmbiguity)),
    expectedTurns: Math.min(2, scaled(multipliers.expectedTurns)),
    numCriteria: Math.min(5, 1 + scaled(multipliers.numCriteria)),
    systemPrompt: Math.min(3, scaled(multipliers.systemPrompt)),
    maxUserTurns: Math.max(minTurns, scaled(multipliers.maxUserTurns)),
    maxAssistantTurns: Math.max(2 * minTurns, scaled(multipliers.maxAssistantTurns)),
    maxToolTurns: Math.max(minTurns, scaled(multipliers.maxToolTurns)),
  };
}

/**
 * The aspects named in `fixed` at their value at level 100, whatever the level (the paper's fixed aspects); they override the
 * soft curriculum.
 */
export function withFixed(drawn: Difficulty, fixed: readonly Aspect[], options: Partial<DifficultyOptions> = {}): Difficulty {
  const hardest = difficulty(100, options);
  return { ...drawn, ...Object.fromEntries(fixed.map((aspect) => [aspect, hardest[aspect]])) };
}

/**
 * The soft curriculum: with probability `epsilon` the five task aspects are drawn uniformly over their whole range
 * (counts from 1, scales from 0, up to the value at level 100); criteria, system prompt and turn limits follow the
 * level either way, as published. One call is the one draw of one task.
 */
export function softDifficulty(level: number, options: Partial<DifficultyOptions>, draws: Draws, epsilon: number): Difficulty {
  const levelled = difficulty(level, options);
  if (draws.uniform() >= epsilon) return levelled;
  const hardest = difficulty(100, options);
  return {
    ...levelled,
    numTools: draws.integer(1, hardest.numTools),
    expectedToolCalls: draws.integer(1, hardest.expectedToolCalls),
    userPersona: draws.integer(0, hardest.userPersona),
    queryAmbiguity: draws.integer(0, hardest.queryAmbiguity),
    expectedTurns: draws.integer(0, hardest.expectedTurns),
  };
}

/** Mean of each aspect over the tasks of a step, as they were drawn: `curriculum/num_tools` and so on. */
export function aspectMetrics(drawn: readonly Difficulty[]): Readonly<Record<string, number>> {
  const names = Object.keys(drawn[0] ?? {}) as Aspect[]; // the keys of a Difficulty
  return Object.fromEntries(
    names.map((name) => [
      `curriculum/${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      drawn.reduce((sum, one) => sum + one[name], 0) / drawn.length,
    ]),
  );
}
