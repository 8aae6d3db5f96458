// What the copy of a model for processors (src/llm/engine/llama-repacked.ts) brings: ids a second of a prompt of 512 ids, and of
// plain decoding with 1 and with 8 sequences; file and copy in turn, the best of three each. Needs the build.
//   node scripts/measure-repacked.mjs [MODEL.gguf]
import { availableParallelism, cpus } from "node:os";
import { nativeContextOf } from "../dist/llm/engine/addon.js";
import { startLlama } from "../dist/llm/engine/llama.js";
import { loadModel } from "../dist/llm/engine/llama-model.js";
import { repacked } from "../dist/llm/engine/llama-repacked.js";
import { openContext } from "../dist/llm/engine/llama-seat.js";
import { modelFile } from "./setup/model-file.mjs";

const file = await modelFile(process.argv[2]);
const threads = availableParallelism();
const llama = await startLlama("off", threads);
const [prompt, sequences, turns] = [512, 8, 16];

/** @param {string} path */
async function open(path) {
  const opened = await openContext(await loadModel(llama, path), { sequences, contextTokens: 1024, threads, onCpu: true });
  const context = nativeContextOf(opened);
  context.setThreads(threads);
  return { path, context, best: { prompt: 0, one: 0, eight: 0 } };
}

/**
 * Ids a second of `count` batches of `ids` in each of the first `live` sequences.
 * @param {import("../dist/llm/engine/addon.js").NativeContext} context
 * @param {{ live: number, ids: number, count: number }} of
 */
async function speed(context, { live, ids, count }) {
  for (let sequence = 0; sequence < sequences; sequence++) context.disposeSequence(sequence);
  const started = performance.now();
  for (let turn = 0; turn < count; turn++) {
    context.initBatch(live * ids);
    for (let sequence = 0; sequence < live; sequence++)
      context.addToBatch(
        sequence,
        turn * ids,
        Uint32Array.from({ length: ids }, (_, at) => 1000 + at),
        Uint32Array.of(ids - 1),
      );
    await context.decodeBatch();
  }
  return (1000 * live * ids * count) / (performance.now() - started);
}

const opened = [await open(file), await open(await repacked(file))];
for (let round = 0; round < 3; round++)
  for (const { context, best } of opened) {
    best.prompt = Math.max(best.prompt, await speed(context, { live: 1, ids: prompt, count: 1 }));
    best.one = Math.max(best.one, await speed(context, { live: 1, ids: 1, count: turns }));
    best.eight = Math.max(best.eight, await speed(context, { live: 8, ids: 1, count: turns }));
  }
for (const { path, best } of opened)
  process.stdout.write(
    `${path}: prompt ${best.prompt.toFixed(0)}, decoding ${best.one.toFixed(1)} (1 sequence), ${best.eight.toFixed(1)} (8)\n`,
  );
process.stdout.write(`${cpus()[0]?.model}, ${cpus().length} cores\n`);
await llama.dispose();
