// The default number of sequences of a context: as many as fit into memory beside the learner and the other context. An
// estimate before loading, not a measurement; node-llama-cpp knows the cell size of each model.
import type { Llama, LlamaModel } from "node-llama-cpp";

/** Most ids of one llama.cpp batch. */
export const batchTokens = 512;

/** Part of the free memory that one context may use; the learner and the other context need the rest. */
const memoryShare = 0.25;
/**
 * More sequences than these hardly decode faster: fewer already saturate a CPU, and on a GPU sampling becomes the limit. The
 * simulator is the larger model and others wait for it: more at once only makes each reply take longer, up to its deadline.
 */
const most = { policy: { cpu: 16, gpu: 64 }, simulator: { cpu: 8, gpu: 64 } } as const;

/** Sequences of `contextTokens` each that fit into a quarter of the free memory, from 1 to the role's `most`. */
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

/** Memory grows linearly with the sequences: how many fit, 1 to `most`. If none fits, opening the context reports it. */
export function largestThatFits(one: number, two: number, budget: number, most: number): number {
  const each = Math.max(1, two - one);
  return Math.min(most, Math.max(1, 1 + Math.floor((budget - one) / each)));
}
