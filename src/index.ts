// The public API: the pure parts of the method, usable without a model, a store or a run, and their types. Runs are started
// from the command line.
export { type Aspect, type Config, type Dialect, dialects } from "./config/config.ts";
export type { AdvantageMode, ReturnMode } from "./config/training.ts";
export { type Boundary, PlayactError } from "./errors.ts";
export { demonstrationSamples, trainingSamples } from "./learner/batch.ts";
export type { MalformedCall } from "./llm/text/call-blocks.ts";
export { formatToolCall, type ParsedCalls, parseToolCalls } from "./llm/text/tool-call.ts";
export {
  type AdvantageOptions,
  advantages,
  isDead,
  type RewardedRollout,
  type TurnAdvantage,
  tgrpo,
} from "./reward/advantage.ts";
export { type Rewards, returns, type TurnReturns } from "./reward/returns.ts";
export { type Draws, draws, seedFrom } from "./rng.ts";
export { nextTemperature, type TemperatureControl } from "./run/temperature.ts";
export { type CurriculumOptions, nextLevel } from "./tasks/curriculum.ts";
export { type Difficulty, type DifficultyOptions, difficulty, softDifficulty, withFixed } from "./tasks/difficulty.ts";
export type * from "./types.ts";
