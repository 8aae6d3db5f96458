// Which models a config needs on this machine: its policy, its simulator unless a server has it, and the embedder if it
// writes tasks and compares their texts.
import type { Config } from "./config.ts";
import { resolveConfig } from "./resolve.ts";
import { serverOf } from "./server.ts";

/** The model for tasks.novelty and tasks.distractors; their thresholds were measured with it. */
export const embedderModel = "all-minilm-l6-v2";

export function needsEmbedder({ tasks }: Pick<Config, "tasks">): boolean {
  return tasks.source === null && (tasks.novelty !== null || tasks.distractors === "near");
}

/** Names from models/manifest.json, without duplicates. */
export function modelsOf(config: Config): readonly string[] {
  const { policy, simulator } = config.models;
  const here = serverOf(simulator) === null ? [simulator] : [];
  return [...new Set([policy, ...here, ...(needsEmbedder(config) ? [embedderModel] : [])])];
}

/** The same for a preset. Throws PlayactError("usage") if no preset has that name. */
export function modelsOfPreset(preset: string): readonly string[] {
  return modelsOf(resolveConfig({ preset, set: [] }).config);
}
