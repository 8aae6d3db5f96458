// A plan in words: one line for a start, and a sentence for a run that does not fit: what is too large, and which setting mends it.
import type { Residency } from "../config/config.ts";
import type { MachineMemory, MemoryRequest } from "./machine.ts";
import { mendOf, weightsAlone } from "./mend.ts";
import { type MemoryPlan, type Misfit, type Planned, sum } from "./plan.ts";

/** What a residency means, for people. */
export const residencyTexts: Readonly<Record<Residency, string>> = {
  together: "engine and learner stay in memory",
  turns: "keys and values are freed while training",
  alternate: "weights take turns too",
};

export function planLine(plan: MemoryPlan): string {
  const { policySequences, simulatorSequences } = plan.engine;
  const { kv } = plan.rollingOut.engine;
  const engine = `memory plan: engine ${gigabytes(plan.engine.bytes)} GB with ${policySequences} + ${simulatorSequences} sequences (keys and values ${gigabytes(kv)} GB)`;
  if (plan.learner === null) return engine;
  const { bytes, rowTokens, longestSample } = plan.learner;
  const turns = plan.residency === "together" ? "" : `; ${plan.residency}: ${residencyTexts[plan.residency]}`;
  return `${engine}, learner up to ${gigabytes(bytes)} GB, rows of ${rowTokens} tokens, samples up to ${longestSample}${turns}`;
}

/** Bytes of each phase in the memory that both share, or of each side if they do not. */
export function totalsOf(plan: MemoryPlan): { readonly rollingOut: number; readonly training: number } {
  const of = ({ engine, learner }: MemoryPlan["training"]) => sum(engine) + sum(learner);
  return { rollingOut: of(plan.rollingOut), training: of(plan.training) };
}

export function misfitLine({ residency, phase, needed, given }: Misfit): string {
  return `${residency} (${residencyTexts[residency]}): ${phase} needs ${gigabytes(needed)} GB of ${gigabytes(given)}`;
}

/** Why a run cannot start, and what would let it: settings, or other models. `responseTokens` as in mendOf. */
export function misfitText({ misfits }: Planned, request: MemoryRequest, machine: MachineMemory, responseTokens: number): string {
  const why = `The run does not fit into memory: ${misfits.map(misfitLine).join("; ")}.`;
  const mend = mendOf(request, machine, responseTokens);
  if (mend !== null) return `${why} What would fit: --set ${mend.replaceAll(" ", " --set ")}.`;
  if (misfits.every(({ phase }) => phase === "teaching"))
    return `${why} The teacher is too large for this memory: name a smaller one in models.teacher, or one on a server.`;
  const memoryOf = ({ phase }: Misfit) =>
    phase === "host memory" ? "host" : phase === "training" ? machine.learner : machine.engine;
  const onHost = misfits.every((one) => memoryOf(one) === "host");
  const where = onHost ? "more free memory (memory.host)" : "a larger GPU";
  return `${why} Processes and weights alone take ${gigabytes(weightsAlone(request, machine))} GB: choose a smaller policy or simulator, or ${where}.`;
}

export function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
