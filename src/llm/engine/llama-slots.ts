// How many sequences a context gets where nobody says: as many as memory holds beside the learner and the other context.
// An estimate before loading, not a measurement; node-llama-cpp knows each model's cells.
import type { Llama, LlamaModel } from "node-llama-cpp";

/** Most ids of one llama.cpp batch. */
export const batchTokens = 512;

/** Part of the free memory that one context may take; the learner and the other context need theirs. */
const memoryShare = 0.25;
/**
 * More sequences than these decode hardly faster: a CPU is busy with fewer, a GPU's sampling becomes the limit. The simulator
 * is the larger model and is waited for: with more at once each reply only takes longer, up to its deadline.
 */
const most = { policy: { cpu: 16, gpu: 64 }, simulator: { cpu: 8, gpu: 64 } } as const;

/** Sequences of `contextTokens` each that a quarter of the free memory holds, 1 to `most` of the role. */
export async function affordableSequences(
  role: keyof typeof most,
  llama: Llama,
  model: LlamaModel,
  contextTokens: number,
): Promise<number> {
  const onCpu = llama.gpu === false;
  const free = onCpu ? process.availableMemory() : (await llama.getVramState()).free;
  const [one = 0, two = 0] = await Promise.all([1, 2].map(bytesOf));
  return largestThatFits(one, two, free * memoryShare, most[role][onCpu ? "cpu" : "gpu"]);

  async function bytesOf(sequences: number): Promise<number> {
    const needs = await model.fileInsights.estimateContextResourceRequirementsV2({
      contextSize: sequences * contextTokens,
      modelGpuLayers: model.gpuLayers,
      batchSize: batchTokens,
      sequences,
      swaFullCache: true,
    });
    return onCpu ? needs.cpuRam : needs.gpuVram;
  }
}

/** Memory grows by the same amount with each sequence: how many fit, 1 to `most`? Where none does, opening it says so. */
export function largestThatFits(one: number, two: number, budget: number, most: number): number {
  const each = Math.max(1, two - one);
  return Math.min(most, Math.max(1, 1 + Math.floor((budget - one) / each)));
}
