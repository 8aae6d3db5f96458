// Compares the sampler's log-probs with the learner's, same weights, same ids, for each type of weights (fault test N1). The
// learner computes in float32 from the same file; the engine quantises its activations unless the weights are floats, and
// stores keys and values in float16.
//   node scripts/measure-gap.mjs [--types F32,F16,Q8_0] MODEL.gguf …     prints a JSON line for each model and type, in nats
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./setup/step.mjs";

const built = new URL("../dist/", import.meta.url).href; // not a literal, so that types can be checked without dist/
/** @type {typeof import("../src/learner/torch.ts")} */
const { startLearner } = await import(`${built}learner/torch.js`);
/** @type {typeof import("../src/llm/engine/addon.ts")} */
const { bindingsOf, nativeContextOf, nativeModelOf } = await import(`${built}llm/engine/addon.js`);
/** @type {typeof import("../src/llm/engine/batcher.ts")} */
const { createBatcher } = await import(`${built}llm/engine/batcher.js`);
/** @type {typeof import("../src/llm/engine/llama.ts")} */
const { startLlama } = await import(`${built}llm/engine/llama.js`);
/** @type {typeof import("../src/llm/engine/llama-model.ts")} */
const { loadModel, vocabularyOf } = await import(`${built}llm/engine/llama-model.js`);
/** @type {typeof import("../src/llm/engine/policy.ts")} */
const { openPolicy } = await import(`${built}llm/engine/policy.js`);
/** @type {typeof import("../src/llm/engine/lock.ts")} */
const { createLock } = await import(`${built}llm/engine/lock.js`);
/** @type {typeof import("../src/models/python.ts")} */
const { pythonPath } = await import(`${built}models/python.js`);

const text = `The night train to Lisbon leaves at 22:10 from platform four. A ticket costs 38 euros in second class, and the
restaurant car is closed on Sundays. {"name": "book_seat", "arguments": {"train": "LX 312", "date": "2027-03-14", "class": 2}}
She asked whether the window seats were taken, and the clerk said that only three were left, all of them facing backwards.`;

const threads = availableParallelism();
const contextTokens = 512;
const llama = await startLlama("off", threads);

/**
 * The engine's parts on a context whose keys and values have the given type; the engine itself always uses F16.
 * @param {string} model
 * @param {"F16" | "F32"} cells
 */
async function sampler(model, cells) {
  const loaded = await loadModel(llama, model);
  const opened = await loaded.createContext({
    sequences: 1,
    contextSize: contextTokens,
    batchSize: contextTokens,
    threads,
    swaFullCache: true,
    flashAttention: false,
    experimentalKvCacheKeyType: cells,
    experimentalKvCacheValueType: cells,
  });
  const context = nativeContextOf(opened);
  const [lock, vocabulary, sequences] = [createLock(), vocabularyOf(loaded), 1];
  const batcher = createBatcher({ context, sequences, batchTokens: contextTokens, lock, reuse: false });
  const parts = { bindings: bindingsOf(llama), model: nativeModelOf(loaded), context, batcher };
  const policy = openPolicy({ ...parts, vocabulary, contextTokens, lock });
  const close = async () => {
    await batcher.close();
    await policy.close();
    await opened.dispose();
    await loaded.dispose();
  };
  return { vocabulary, score: policy.score, close };
}

/**
 * @param {string} model
 * @param {"F16" | "F32"} cells
 */
async function gap(model, cells) {
  const { vocabulary, score, close } = await sampler(model, cells);
  const learner = await startLearner({ python: pythonPath(), deadlineSeconds: 60 });
  try {
    const start = vocabulary.hasMarker("<bos>") ? [vocabulary.marker("<bos>")] : []; // gemma needs it
    const ids = [...start, ...vocabulary.encode(text)];
    const [lora, betas] = [{ rank: 1, alpha: 1, seed: 1 }, /** @type {const} */ ([0.9, 0.999])];
    const optimizer = { learningRate: 1e-4, betas, eps: 1e-8, weightDecay: 0, gradClip: 1 };
    await learner.open({ model, lora, optimizer, device: "cpu", dtype: "float32", threads: null, memory: null, rowTokens: null });
    const [theirs = []] = await learner.logprobs([ids], "reference", 1);
    const ours = await score(ids);
    const gaps = ours.slice(1).map((value, at) => Math.abs(value - (theirs[at + 1] ?? Number.NaN)));
    const mean = gaps.reduce((sum, value) => sum + value, 0) / gaps.length;
    return { cells, tokens: gaps.length, mean: Number(mean.toPrecision(3)), max: Number(Math.max(...gaps).toPrecision(3)) };
  } finally {
    await learner.close();
    await close();
  }
}

const { values, positionals } = parseArgs({
  options: { types: { type: "string", default: "F32,F16,Q8_0" } },
  allowPositionals: true,
});
const folder = mkdtempSync(join(tmpdir(), "playact-gap-"));
try {
  for (const model of positionals) {
    const say = (/** @type {string} */ type, /** @type {object} */ found) =>
      process.stdout.write(`${JSON.stringify({ model: basename(model), type, ...found })}\n`);
    say("as it is", await gap(model, "F16"));
    for (const type of values.types.split(",")) {
      const rewritten = join(folder, `${type}.gguf`);
      execFileSync(pythonPath(), [join(root, "scripts", "measure-gap", "rewrite.py"), model, rewritten, type], {
        stdio: "inherit",
      });
      say(type, await gap(rewritten, "F16"));
      if (type === "F32") say(type, await gap(rewritten, "F32"));
      rmSync(rewritten);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(0); // exiting frees contexts and models
