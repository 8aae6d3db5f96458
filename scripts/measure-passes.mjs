// `node scripts/measure-passes.mjs [MODEL]`: the cost of a batch of single ids if its sequences are consecutive, if there are
// gaps between them, and if the gaps are closed by extra ids (src/llm/engine/passes.ts). The milliseconds depend on the
// machine; compare their order.
import { availableParallelism } from "node:os";
import { nativeContextOf } from "../dist/llm/engine/addon.js";
import { startLlama } from "../dist/llm/engine/llama.js";
import { loadModel } from "../dist/llm/engine/llama-model.js";
import { openContext } from "../dist/llm/engine/llama-seat.js";
import { modelFile } from "./setup/model-file.mjs";

const path = await modelFile(process.argv[2]);
const threads = availableParallelism();
const llama = await startLlama("off", threads);
const opened = await openContext(await loadModel(llama, path), { sequences: 8, contextTokens: 512, threads, onCpu: true });
const context = nativeContextOf(opened);
context.setThreads(threads);

const ids = Uint32Array.from({ length: 256 }, (_, at) => 1000 + at);
for (let sequence = 0; sequence < 8; sequence++) {
  context.initBatch(ids.length);
  context.addToBatch(sequence, 0, ids, Uint32Array.of());
  await context.decodeBatch();
}

/**
 * Median milliseconds of one batch.
 * @param {readonly number[]} live sequences whose logits are wanted
 * @param {readonly number[]} closing sequences that only close a gap
 */
async function cost(live, closing = []) {
  const times = [];
  for (let repeat = 0; repeat < 9; repeat++) {
    const start = performance.now();
    const all = [...live, ...closing].sort((one, other) => one - other);
    context.initBatch(all.length);
    for (const sequence of all)
      context.addToBatch(
        sequence,
        ids.length,
        Uint32Array.of(5000),
        live.includes(sequence) ? Uint32Array.of(0) : Uint32Array.of(),
      );
    await context.decodeBatch();
    for (const sequence of all) context.removeTokenCellsFromSequence(sequence, ids.length, -1);
    times.push(performance.now() - start);
  }
  return times.sort((one, other) => one - other)[4] ?? Number.NaN;
}

const runs = [1, 2, 3, 4, 5, 6, 7, 8].map((length) => Array.from({ length }, (_, at) => at));
const parted = [
  [0, 2],
  [0, 1, 3],
  [0, 2, 4, 6],
  [0, 1, 3, 4],
  [0, 1, 4, 5],
  [0, 1, 3, 4, 6],
  [0, 1, 2, 4, 5],
  [0, 1, 2, 5, 6, 7],
  [0, 1, 3, 4, 6, 7],
  [0, 1, 2, 3, 5, 6, 7],
];
const between = (/** @type {readonly number[]} */ live) =>
  Array.from({ length: live.at(-1) ?? 0 }, (_, at) => at).filter((sequence) => !live.includes(sequence));
/** @type {(readonly [live: readonly number[], closing: readonly number[]])[]} */
const cases = [
  ...runs.map((live) => /** @type {const} */ ([live, []])),
  ...parted.flatMap(
    (live) =>
      /** @type {const} */ ([
        [live, []],
        [live, between(live)],
      ]),
  ),
];
for (const [live, closing] of cases) {
  const milliseconds = (await cost(live, closing)).toFixed(1);
  process.stdout.write(`${JSON.stringify({ live, closing, milliseconds: Number(milliseconds) })}\n`);
}
process.exit(0); // exiting frees context and model
