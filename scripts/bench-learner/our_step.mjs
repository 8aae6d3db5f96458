// Playact's steps: the engine samples 8 completions of 64 tokens, the learner makes the update, and its adapter is saved and
// swapped in. Peak memory is the sum of this process and the learner's. Needs dist/.
//   node scripts/bench-learner/our_step.mjs MODEL.gguf FOLDER float32|bfloat16 STEPS
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [model = "", folder = "", dtype = "float32", steps = "2"] = process.argv.slice(2);
const [group, newTokens] = [8, 64];
const built = new URL("../../dist/", import.meta.url).href; // not a literal, so that types can be checked without dist/
/** @type {typeof import("../../src/learner/torch.ts")} */
const { startLearner } = await import(`${built}learner/torch.js`);
/** @type {typeof import("../../src/llm/engine/llama.ts")} */
const { openEngine } = await import(`${built}llm/engine/llama.js`);
/** @type {typeof import("../../src/learner/losses.ts")} */
const { policyLoss } = await import(`${built}learner/losses.js`);
/** @type {typeof import("../../src/config/config.ts")} */
const { configSchema } = await import(`${built}config/config.js`);
/** @type {typeof import("../../src/models/python.ts")} */
const { pythonPath } = await import(`${built}models/python.js`);

/** @type {{ ids: number[] }} */
const prompt = JSON.parse(readFileSync(join(folder, "prompt.json"), "utf8"));
const learner = await startLearner({ python: pythonPath(), deadlineSeconds: 60 });
const opened = await learner.open({
  model,
  lora: { rank: 16, alpha: 32, seed: 1 },
  optimizer: { learningRate: 1e-6, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, gradClip: 1 },
  device: "auto",
  dtype: dtype === "bfloat16" ? "bfloat16" : "float32",
  threads: null,
  memory: null,
  rowTokens: null,
});
let learnerPeak = highest(learner.pid);
const engine = await openEngine({
  policyModel: model,
  simulatorModel: null,
  mode: "fast",
  gpu: "auto",
  threads: null,
  policySequences: group,
  policyContext: 512,
  simulatorSequences: 1,
  simulatorContext: 256,
});
const saves = mkdtempSync(join(tmpdir(), "playact-bench-"));
const took = [];
/** @type {Readonly<Record<string, number>>} */
let metrics = {};
for (let step = 1; step <= Number(steps); step++) {
  const [start, startCpu] = [performance.now(), cpuSeconds()];
  const request = { ids: prompt.ids, temperature: 1, maxTokens: newTokens, stop: new Set(), deadlineMs: 600_000 };
  const sampled = await Promise.all(
    Array.from({ length: group }, (_, member) => engine.policy.sample({ ...request, seed: 100 * step + member })),
  );
  const [updating, updatingCpu] = [performance.now(), cpuSeconds()];
  const advantages = standardised(sampled.map((_, member) => member % 4));
  const samples = sampled.map(({ ids, logprobs }, member) => ({
    ids: [...prompt.ids, ...ids],
    mask: [...prompt.ids.map(() => /** @type {const} */ (0)), ...ids.map(() => /** @type {const} */ (1))],
    logprobs: [...prompt.ids.map(() => 0), ...logprobs],
    advantages: [...prompt.ids.map(() => 0), ...ids.map(() => advantages[member] ?? 0)],
  }));
  if (samples.some((one) => one.ids.length !== prompt.ids.length + newTokens)) throw new Error("a completion is too short");
  const loss = policyLoss(configSchema.parse({ learner: { klCoef: 0 } }), 1);
  ({ metrics } = await learner.update({ minibatches: [samples], loss, learningRate: 1e-6 }));
  const [updated, updatedCpu] = [performance.now(), cpuSeconds()];
  learnerPeak = Math.max(learnerPeak, highest(learner.pid)); // each update measures its own peak
  const saved = await learner.save(join(saves, `${step}`));
  await engine.swap({ path: saved.gguf, hash: saved.hash }, step);
  const end = performance.now();
  took.push({
    step: (end - start) / 1000,
    update: (updated - updating) / 1000,
    sampling: (updating - start) / 1000,
    stepCpu: cpuSeconds() - startCpu,
    updateCpu: updatedCpu - updatingCpu,
  });
}
const enginePeak = highest(process.pid);
await learner.close();
await engine[Symbol.asyncDispose]();
rmSync(saves, { recursive: true });
const best = took.reduce((a, b) => (b.step < a.step ? b : a));
const report = {
  step_s: best.step,
  update_s: best.update,
  peak_mb: enginePeak + learnerPeak,
  step_cpu_s: best.stepCpu,
  update_cpu_s: best.updateCpu,
  steps_s: took.map((one) => one.step),
  sampling_s: best.sampling,
  dtype: opened.dtype,
  engine_peak_mb: enginePeak,
  learner_peak_mb: learnerPeak,
  predicted_mb: metrics["learner/predicted_mb"],
  packed_tokens: metrics["learner/packed_tokens"],
  unpacked_tokens: metrics["learner/unpacked_tokens"],
};
process.stdout.write(`${JSON.stringify(report)}\n`);

/**
 * Peak resident memory of a process in MB.
 * @param {number} pid
 */
function highest(pid) {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return (Number(line?.[1] ?? Number.NaN) * 1024) / 1e6;
}

/** CPU time of this process and the learner's, all threads; a system clock tick is 10 ms. */
function cpuSeconds() {
  const fields = readFileSync(`/proc/${learner.pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  const { user, system } = process.cpuUsage();
  return (Number(fields[11]) + Number(fields[12])) / 100 + (user + system) / 1e6;
}

/** @param {readonly number[]} values */
function standardised(values) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1));
  return values.map((x) => (x - mean) / deviation);
}
