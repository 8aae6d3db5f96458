// Which models a preset needs: its policy and its simulator, once each where they are the same.
import { resolveConfig } from "../resolve-config.ts";

/** Names of models/manifest.json. Throws PlayactError("usage") where no preset has that name. */
export function modelsOfPreset(preset: string): readonly string[] {
  const { models } = resolveConfig({ preset, set: [] }).config;
  return [...new Set([models.policy, models.simulator])];
}
