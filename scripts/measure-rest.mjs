// What engine and learner give back at rest: memory awake, with the weights kept, with nothing kept, and the seconds to wake.
//   node scripts/measure-rest.mjs [MODEL.gguf]      (a built Playact; the model in both of the engine's roles)

import { startLearner } from "../dist/learner/torch.js";
import { openEngine } from "../dist/llm/engine/llama.js";
import { modelPaths } from "../dist/models/fetch.js";
import { pythonPath } from "../dist/models/python.js";

const [model = ""] = process.argv[2] === undefined ? await modelPaths("smollm2-135m-instruct") : [process.argv[2]];
const mb = (/** @type {number} */ bytes) => Math.round(bytes / 1e6).toLocaleString("en");

/**
 * @param {string} name
 * @param {import("../src/llm/llm.ts").Engine | import("../src/learner/learner.ts").Learner} side
 * @param {number} awake bytes
 */
async function measure(name, side, awake) {
  const light = await side.rest("weights");
  const deep = await side.rest("nothing");
  const start = performance.now();
  await side.wake();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`| ${name} | ${mb(awake)} | ${mb(light)} | ${mb(deep)} | ${seconds} |`);
}

console.log("| | awake, MB | weights kept, MB | nothing kept, MB | to wake, s |\n|---|---|---|---|---|");
const engine = await openEngine({
  ...{ policyModel: model, simulatorModel: null, mode: "fast", gpu: "auto", threads: null },
  ...{ policySequences: 8, policyContext: 2048, simulatorSequences: 8, simulatorContext: 2560 },
});
await engine.score(engine.vocabulary.encode("A rest is as good as a change."));
await measure("engine", engine, engine.memory());
await engine[Symbol.asyncDispose]();
const learner = await startLearner({ python: pythonPath(), deadlineSeconds: 60 });
await learner.open({
  ...{
    model,
    lora: { rank: 16, alpha: 32, seed: 1 },
    device: "auto",
    dtype: "auto",
    threads: null,
    memory: null,
    rowTokens: null,
  },
  optimizer: { learningRate: 1e-5, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, gradClip: 1 },
});
const ids = Array.from({ length: 200 }, (_, at) => 11 + at);
const sample = { ids, mask: ids.map((_, at) => (at > 100 ? 1 : 0)), logprobs: ids.map(() => -3), advantages: ids.map(() => 1) };
const { metrics } = await learner.update({ minibatches: [[sample]], loss: { kind: "sft" }, learningRate: 1e-5 });
await measure("learner (awake: peak of an update)", learner, (metrics["learner/peak_mb"] ?? 0) * 1e6);
await learner.close();
