// Which models a config needs: its policy and its simulator, and the embedder if task writing compares texts.
import type { Config } from "./config.ts";
import { resolveConfig } from "./resolve.ts";

/** The model for tasks.novelty and tasks.distractors; their thresholds were measured with it. */
export const embedderModel = "all-minilm-l6-v2";

export function needsEmbedder({ tasks }: Pick<Config, "tasks">): boolean {
  return tasks.novelty !== null || tasks.distractors === "near";
}

/** Names from models/manifest.json, without duplicates. */
export function modelsOf(config: Config): readonly string[] {
  const { policy, simulator } = config.models;
  return [...new Set([policy, simulator, ...(needsEmbedder(config) ? [embedderModel] : [])])];
}

/** The same for a preset. Throws PlayactError("usage") if no preset has that name. */
export function modelsOfPreset(preset: string): readonly string[] {
  return modelsOf(resolveConfig({ preset, set: [] }).config);
}
