// Peer of bench-engine.mjs: Playact's engine, from dist/. Prints one JSON line.
//   node scripts/bench-engine/ours.mjs MODEL THREADS SEQUENCES,…

import { nativeContextOf } from "../../dist/llm/engine/addon.js";
import { openEngine, startLlama } from "../../dist/llm/engine/llama.js";
import { loadModel } from "../../dist/llm/engine/llama-model.js";
import { openContext } from "../../dist/llm/engine/llama-seat.js";
import { neededTokens, ratesOf } from "./rates.mjs";
import { firstPrompt, grpo, inLanes, seconds, toolResult } from "./work.mjs";

const [path = "", threadsText = "2", list = "8"] = process.argv.slice(2);
const threads = Number(threadsText);
/** @type {Record<"prefill_tok_s" | "decode_tok_s" | "decode_tok_s_topk40" | "sampling_share", Record<string, number>>} */
const rates = { prefill_tok_s: {}, decode_tok_s: {}, decode_tok_s_topk40: {}, sampling_share: {} };

const llama = await startLlama("off", threads);
const loaded = await loadModel(llama, path);
for (const sequences of list.split(",").map(Number)) {
  const opened = await openContext(loaded, { sequences, contextTokens: neededTokens, threads, onCpu: true });
  nativeContextOf(opened).setThreads(threads);
  for (const [key, rate] of Object.entries(await ratesOf(llama, loaded, opened, sequences))) {
    rates[/** @type {keyof typeof rates} */ (key)][sequences] = rate;
  }
  await opened.dispose();
}

const engine = await openEngine({
  policyModel: path,
  simulatorModel: null,
  mode: "fast",
  gpu: "off",
  threads,
  policySequences: grpo.sequences,
  policyContext: 1024,
  simulatorSequences: 1,
  simulatorContext: 256,
});
/** @type {ReadonlySet<number>} */
const stop = new Set(); // all answers have the same length
const episodes = Array.from({ length: grpo.tasks * grpo.samples }, (_, at) => at);
const time = await seconds(() =>
  inLanes(grpo.sequences, episodes, async (episode) => {
    const [task, sample] = [Math.floor(episode / grpo.samples), episode % grpo.samples];
    let ids = firstPrompt(task);
    for (let turn = 0; turn < grpo.turns; turn++) {
      const request = { ids, seed: episode, temperature: 1, maxTokens: grpo.answer, stop, deadlineMs: 600_000 };
      const answer = await engine.policy.sample(request);
      ids = [...ids, ...answer.ids, ...toolResult(task, sample, turn)];
    }
  }),
);
const { prefilled, reused, decoded } = engine.counters().policy;
await engine[Symbol.asyncDispose]();
process.stdout.write(`${JSON.stringify({ ...rates, grpo: { seconds: time, prefilled, reused, decoded } })}\n`);
