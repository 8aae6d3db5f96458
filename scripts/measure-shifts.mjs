// Does an adapter have the same effect in the engine as in the learner? For each model: a few supervised steps on one text,
// then, on another, the shift of each token's log-prob (adapter on minus off) in llama.cpp, from the exported GGUF, and in
// torch. Quantised activations add noise of a few hundredths of a nat to every shift, so the shifts must be larger.
//   node scripts/measure-shifts.mjs [--rates 1e-3,3e-3] MODEL.gguf …      prints a JSON line for each model and rate
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";

const built = new URL("../dist/", import.meta.url).href; // not a literal, so that types can be checked without dist/
/** @type {typeof import("../src/learner/torch.ts")} */
const { startLearner } = await import(`${built}learner/torch.js`);
/** @type {typeof import("../src/llm/engine/llama.ts")} */
const { openEngine } = await import(`${built}llm/engine/llama.js`);
/** @type {typeof import("../src/models/python.ts")} */
const { pythonPath } = await import(`${built}models/python.js`);

const learnt = `The harbour master counts the boats at dusk. Forty-one came in today, two more than yesterday, and one of them,
the Marguerite, had a broken mast. He writes it all down: names, cargo, weather, the price of herring per barrel.`;
const asked = `The night train to Lisbon leaves at 22:10 from platform four. A ticket costs 38 euros in second class, and the
restaurant car is closed on Sundays. {"name": "book_seat", "arguments": {"train": "LX 312", "date": "2027-03-14", "class": 2}}
She asked whether the window seats were taken, and the clerk said that only three were left, all of them facing backwards.`;

/**
 * @param {string} model
 * @param {readonly number[]} rates
 */
async function measure(model, rates) {
  const engine = await openEngine({
    policyModel: model,
    simulatorModel: null,
    mode: "fast",
    gpu: "auto",
    threads: null,
    ...{ policySequences: 1, policyContext: 512, simulatorSequences: 1, simulatorContext: 256 },
  });
  const folder = mkdtempSync(join(tmpdir(), "playact-shifts-"));
  try {
    const start = basename(model).startsWith("gemma") ? [engine.vocabulary.marker("<bos>")] : []; // gemma needs it
    const [train, ids] = [learnt, asked].map((text) => [...start, ...engine.vocabulary.encode(text)]);
    if (train === undefined || ids === undefined) throw new Error("unreachable: two texts");
    const base = await engine.score(ids);
    for (const rate of rates) {
      const learner = await startLearner({ python: pythonPath(), deadlineSeconds: 60 });
      try {
        const optimizer = {
          learningRate: rate,
          betas: /** @type {const} */ ([0.9, 0.999]),
          eps: 1e-8,
          weightDecay: 0,
          gradClip: 1,
        };
        const lora = { rank: 16, alpha: 32, seed: 1 };
        await learner.open({
          model,
          lora,
          optimizer,
          device: "auto",
          dtype: "float32",
          threads: null,
          memory: null,
          rowTokens: null,
        });
        const mask = train.map((_, i) => /** @type {0 | 1} */ (i > 0 ? 1 : 0));
        const sample = { ids: train, mask, logprobs: train.map(() => 0), advantages: train.map(() => 0) };
        await learner.update({ minibatches: [[sample], [sample], [sample]], loss: { kind: "sft" }, learningRate: rate });
        const saved = await learner.save(join(folder, `${rate}`));
        await engine.swap({ path: saved.gguf, hash: saved.hash }, 1);
        const on = await engine.score(ids);
        const [policy = []] = await learner.logprobs([ids], "policy", 1);
        const [reference = []] = await learner.logprobs([ids], "reference", 1);
        const mine = difference(policy, reference).slice(1);
        const theirs = difference(on, base).slice(1);
        const report = {
          model: basename(model),
          rate,
          tokens: mine.length,
          correlation: round(correlation(mine, theirs)),
          mean_shift: round(meanAbsolute(mine)),
          mean_difference_of_shifts: round(meanAbsolute(difference(mine, theirs))),
          gap_without_adapter: round(meanAbsolute(difference(base, reference).slice(1))),
        };
        process.stdout.write(`${JSON.stringify(report)}\n`);
      } finally {
        await learner.close();
      }
    }
  } finally {
    await engine[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {readonly number[]} a
 * @param {readonly number[]} b
 */
function difference(a, b) {
  return a.map((value, index) => value - (b[index] ?? Number.NaN));
}

/** @param {readonly number[]} values */
function meanAbsolute(values) {
  return values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
}

/**
 * Pearson's correlation.
 * @param {readonly number[]} a
 * @param {readonly number[]} b
 */
function correlation(a, b) {
  const centre = (/** @type {readonly number[]} */ values) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return values.map((value) => value - mean);
  };
  const [x, y] = [centre(a), centre(b)];
  const dot = (/** @type {readonly number[]} */ u, /** @type {readonly number[]} */ v) =>
    u.reduce((sum, value, index) => sum + value * (v[index] ?? 0), 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 1e5) / 1e5;
}

const { values, positionals } = parseArgs({
  options: { rates: { type: "string", default: "1e-3,3e-3" } },
  allowPositionals: true,
});
for (const model of positionals) await measure(model, values.rates.split(",").map(Number));
