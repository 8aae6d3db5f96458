// How many passes over the weights a batch costs. llama.cpp computes one pass (a ubatch) for every run of consecutive sequence
// numbers (n, n + 1, …) in the order of the batch (llama_batch_allocr::split_equal, sequences with separate cells), and a pass
// costs as much as two or three ids. So batches are ordered by sequence, and a short gap between two live sequences is filled
// with one id of each idle sequence in it, whose cell is removed again at once. Pure; batcher.ts applies it.

/** With fewer live sequences a CPU computes them one by one anyway (`node scripts/measure-passes.mjs`). */
const fewestLive = 4;
/** Filling a wider gap costs about what it saves. */
const widestGap = 2;

/**
 * The idle sequences between live ones that are worth computing an id for, so that the runs on both sides join.
 * `live` is ascending; at most `room` are returned, whole gaps only.
 */
export function gapsToClose(live: readonly number[], room: number): number[] {
  const closing: number[] = [];
  if (live.length < fewestLive) return closing;
  for (const [at, sequence] of live.slice(1).entries()) {
    const before = live[at] ?? sequence;
    const gap = Array.from({ length: sequence - before - 1 }, (_, step) => before + 1 + step);
    if (gap.length <= widestGap && closing.length + gap.length <= room) closing.push(...gap);
  }
  return closing;
}
