// How many sequences each context gets: those of the run's memory plan, or, for an engine that is opened alone (`playact eval`,
// the scripts), those of a plan for the engine and what is free before it loads.
import type { Llama } from "node-llama-cpp";
import type { Config } from "../../config/config.ts";
import { factsAt } from "../../models/facts.ts";
import { planMemory } from "../../plan/plan.ts";
import { availableHost } from "./available.ts";

/** Part of the free memory that an engine without a plan may use. */
const memoryShare = 0.9;

export interface Sequences {
  readonly policy: number;
  readonly simulator: number;
}

/** Files of the models in their seats; null: the simulator is not opened. */
export interface SeatFiles {
  readonly policy: string;
  readonly simulator: string | null;
}

/** At least one each: if not even these fit, opening them says what is missing. */
export async function sequencesOf(
  files: SeatFiles,
  options: Readonly<Omit<Config["engine"], "residency">>,
  llama: Llama,
): Promise<Sequences> {
  const { policySequences, simulatorSequences, mode } = options;
  if (mode === "reproducible") return { policy: 1, simulator: 1 };
  if (policySequences !== null && simulatorSequences !== null) return { policy: policySequences, simulator: simulatorSequences };
  const onCard = llama.gpu === "cuda";
  const free = Math.floor(memoryShare * (onCard ? (await llama.getVramState()).free : availableHost()));
  const { plan } = planMemory(
    {
      ...options,
      policy: factsAt(files.policy),
      simulator: files.simulator === null ? null : files.simulator === files.policy ? "shared" : factsAt(files.simulator),
      embeds: false,
      residency: null,
      training: null,
    },
    { engine: onCard ? "card" : "host", learner: "host", cardBytes: onCard ? free : 0, hostBytes: onCard ? null : free },
  );
  return { policy: plan?.engine.policySequences ?? 1, simulator: plan?.engine.simulatorSequences ?? 1 };
}
