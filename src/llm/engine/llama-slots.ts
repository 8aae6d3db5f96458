// How many sequences each context gets: those of the run's memory plan, or, for an engine that is opened alone (`playact eval`,
// the scripts), those of a plan for the engine and what is free before it loads.
import { resolve } from "node:path";
import type { Llama } from "node-llama-cpp";
import type { Config } from "../../config/config.ts";
import { planMemory } from "../../plan/plan.ts";
import { readShape } from "./llama-shape.ts";

/** Part of the free memory that an engine without a plan may use. */
const memoryShare = 0.9;

export interface Sequences {
  readonly policy: number;
  readonly simulator: number;
}

type Wanted = Readonly<Config["engine"]> & { readonly policyModel: string; readonly simulatorModel: string | null };

/** At least one each: if not even these fit, opening them says what is missing. */
export async function sequencesOf(options: Wanted, llama: Llama): Promise<Sequences> {
  const { policyModel, simulatorModel, policySequences, simulatorSequences, mode } = options;
  if (mode === "reproducible") return { policy: 1, simulator: 1 };
  if (policySequences !== null && simulatorSequences !== null) return { policy: policySequences, simulator: simulatorSequences };
  const onCard = llama.gpu === "cuda";
  const free = Math.floor(memoryShare * (onCard ? (await llama.getVramState()).free : process.availableMemory()));
  const shared = simulatorModel === null || resolve(simulatorModel) === resolve(policyModel);
  const { plan } = planMemory(
    {
      ...options,
      policy: await readShape(policyModel),
      simulator: shared ? null : await readShape(simulatorModel),
      training: null,
    },
    { engine: onCard ? "card" : "host", learner: "host", cardBytes: onCard ? free : 0, hostBytes: onCard ? null : free },
  );
  return { policy: plan?.engine.policySequences ?? 1, simulator: plan?.engine.simulatorSequences ?? 1 };
}
