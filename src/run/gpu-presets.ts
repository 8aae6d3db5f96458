// Which presets for a GPU have room on a card: asked before anything is fetched or loaded, from the facts in models/manifest.json.
import { isPreset, type Preset, presets } from "../config/presets.ts";
import { resolveConfig } from "../config/resolve.ts";
import { planMemory } from "../plan/plan.ts";
import { planRequestOf } from "./plan.ts";

/** The larger ones last. */
const forGpus: readonly Preset[] = Object.keys(presets)
  .filter(isPreset)
  .filter((name) => name.startsWith("gpu-"));

/** The presets that fit into so many bytes of a card, the largest first; empty: none does. */
export async function gpuPresetsFor(cardBytes: number): Promise<readonly Preset[]> {
  const machine = { engine: "card", learner: "card", cardBytes, hostBytes: null } as const;
  const fitting: Preset[] = [];
  for (const preset of forGpus) {
    const { config } = resolveConfig({ preset, set: [] });
    if (planMemory(await planRequestOf(config, machine), machine).plan !== null) fitting.unshift(preset);
  }
  return fitting;
}
