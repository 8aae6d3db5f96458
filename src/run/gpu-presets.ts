// Which presets for a GPU a machine has room for: asked before anything is fetched or loaded, from the facts in models/manifest.json.
import { isPreset, type Preset, presets } from "../config/presets.ts";
import { resolveConfig } from "../config/resolve.ts";
import { planMemory } from "../plan/plan.ts";
import type { PlannedMachine } from "./machine.ts";
import { planRequestOf } from "./plan.ts";

/** The larger ones last. */
const forGpus: readonly Preset[] = Object.keys(presets)
  .filter(isPreset)
  .filter((name) => name.startsWith("gpu-"));

/** The presets that would start on this machine, the largest first; empty: none would, as where a side does not compute on a card. */
export function gpuPresetsFor(machine: PlannedMachine): readonly Preset[] {
  if (machine.engine === "host" || machine.learner === "host") return [];
  const fits = (preset: Preset) => {
    const { config } = resolveConfig({ preset, set: [] });
    return planMemory(planRequestOf(config, machine), machine).plan !== null;
  };
  return forGpus.filter(fits).reverse();
}
