// What the copy of a model for processors (src/llm/engine/llama-repacked.ts) brings: tokens a second of prompt and of decoding, file
// and copy in turn, the best of three each, one sequence. Prints one line a file and the processor. Needs the build.
//   node scripts/measure-repacked.mjs [MODEL.gguf]
import { cpus } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { getLlama } from "node-llama-cpp";
import { root } from "./setup/step.mjs";

const file = process.argv[2] ?? join(root, "models", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf");
const { repacked } = await import(pathToFileURL(join(root, "dist", "llm/engine/llama-repacked.js")).href);
const copy = await repacked(file);
const llama = await getLlama({ gpu: false, build: "never", logger: () => undefined });
const [prompt, said] = [1024, 64];

/** @param {string} path */
async function open(path) {
  const model = await llama.loadModel({ modelPath: path });
  const context = await model.createContext({ contextSize: 2048, batchSize: 512 });
  return { path, sequence: context.getSequence(), prefill: 0, decode: 0 };
}

const opened = [await open(file), await open(copy)];
for (let round = 0; round < 3; round++)
  for (const one of opened) {
    await one.sequence.clearHistory();
    const ids = Array.from(
      { length: prompt },
      (_, at) => /** @type {import("node-llama-cpp").Token} */ (1000 + ((at * 7) % 30_000)),
    );
    const started = performance.now();
    await one.sequence.evaluateWithoutGeneratingNewTokens(ids);
    one.prefill = Math.max(one.prefill, (1000 * prompt) / (performance.now() - started));
    const decoding = performance.now();
    let count = 0;
    for await (const _ of one.sequence.evaluate(ids.slice(0, 1), { temperature: 0, yieldEogToken: true }))
      if (++count === said) break;
    one.decode = Math.max(one.decode, (1000 * count) / (performance.now() - decoding));
  }
for (const { path, prefill, decode } of opened)
  process.stdout.write(`${path}: prompt ${prefill.toFixed(0)} tok/s, decoding ${decode.toFixed(1)} tok/s\n`);
process.stdout.write(`${cpus()[0]?.model}, ${cpus().length} cores\n`);
await llama.dispose();
