// Which models a config needs on this machine: its policy, its simulator and teacher unless a server has them, and the embedder if
// it writes tasks and compares their texts.
import type { Config } from "./config.ts";
import { resolveConfig } from "./resolve.ts";
import { serverOf } from "./server.ts";

/** The model for tasks.novelty and tasks.distractors; their thresholds were measured with it. */
export const embedderModel = "all-minilm-l6-v2";

export function needsEmbedder({ tasks }: Pick<Config, "tasks">): boolean {
  return tasks.source === null && (tasks.novelty !== null || tasks.distractors === "near");
}

/** The address of the model that shows the warm-up of a run how; null: rules do, by the blueprint, or there is no warm-up. */
export function teacherOf({ models, warmup }: Pick<Config, "models" | "warmup">): string | null {
  return warmup.from === "teacher" && warmup.when !== "never" ? (models.teacher ?? models.simulator) : null;
}

/** Names from models/manifest.json, without duplicates. */
export function modelsOf(config: Config): readonly string[] {
  const { policy, simulator } = config.models;
  const played = [simulator, teacherOf(config)].filter((address) => address !== null);
  const here = played.filter((address) => serverOf(address) === null);
  return [...new Set([policy, ...here, ...(needsEmbedder(config) ? [embedderModel] : [])])];
}

/** The same for a preset. Throws PlayactError("usage") if no preset has that name. */
export function modelsOfPreset(preset: string): readonly string[] {
  return modelsOf(resolveConfig({ preset, set: [] }).config);
}
