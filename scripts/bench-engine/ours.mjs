// Peer of bench-engine.mjs: Playact's engine, from dist/. Prints one JSON line.
//   node scripts/bench-engine/ours.mjs MODEL THREADS SEQUENCES,…

import { bindingsOf, nativeContextOf, nativeModelOf } from "../../dist/llm/engine/addon.js";
import { createBatcher } from "../../dist/llm/engine/batcher.js";
import { openEngine, startLlama } from "../../dist/llm/engine/llama.js";
import { loadModel } from "../../dist/llm/engine/llama-model.js";
import { openContext } from "../../dist/llm/engine/llama-seat.js";
import { batchTokens } from "../../dist/llm/engine/llama-slots.js";
import { createLock } from "../../dist/llm/engine/lock.js";
import { openDrawer, openSampler } from "../../dist/llm/engine/sampler.js";
import { firstPrompt, grpo, inLanes, seconds, shape, someIds, toolResult } from "./work.mjs";

const [path = "", threadsText = "2", list = "8"] = process.argv.slice(2);
const threads = Number(threadsText);
/** @type {Record<"prefill_tok_s" | "decode_tok_s" | "decode_tok_s_topk40" | "sampling_share", Record<string, number>>} */
const rates = { prefill_tok_s: {}, decode_tok_s: {}, decode_tok_s_topk40: {}, sampling_share: {} };

const llama = await startLlama("off", threads);
const loaded = await loadModel(llama, path);
const [bindings, model] = [bindingsOf(llama), nativeModelOf(loaded)];
for (const sequences of list.split(",").map(Number)) {
  const opened = await openContext(loaded, { sequences, contextTokens: shape.prompt + shape.new + 64, threads, onCpu: true });
  const context = nativeContextOf(opened);
  context.setThreads(threads);
  const batcher = createBatcher({ context, sequences, batchTokens, lock: createLock(), reuse: true });
  const sampling = { seconds: 0, rows: 0, since: 0 }; // time during which at least one row was being sampled

  /**
   * Samples `count` ids after `ids`; `topK` null uses the full vocabulary with log-probs, as the policy does.
   * @param {readonly number[]} ids
   * @param {number} count
   * @param {number | null} topK
   * @returns {import("../../dist/llm/engine/work.js").Work<number>}
   */
  const work = (ids, count, topK) => {
    const shaped = topK === null ? null : openSampler(bindings, model, { temperature: 1, topK, seed: 1 });
    const drawer = shaped === null ? openDrawer({ bindings, model, context }, { temperature: 1, seed: 1 }) : null;
    let left = count;
    return {
      label: "bench",
      ids,
      rows: "last",
      deadlineMs: 600_000,
      async advance([row = -1]) {
        if (sampling.rows++ === 0) sampling.since = performance.now();
        const id = shaped === null ? (await drawer?.draw(row))?.id : await context.sampleToken(row, shaped);
        if (--sampling.rows === 0) sampling.seconds += (performance.now() - sampling.since) / 1000;
        return --left === 0 ? null : (id ?? null);
      },
      result: () => count,
      dispose: () => (shaped ?? drawer)?.dispose(),
    };
  };
  const prompts = Array.from({ length: sequences }, (_, at) => someIds(at, shape.prompt));
  const all = (/** @type {number} */ count, /** @type {number | null} */ topK) =>
    Promise.all(prompts.map((ids) => batcher.run(work(ids, count, topK))));
  rates.prefill_tok_s[sequences] = (sequences * shape.prompt) / (await seconds(() => all(1, 40)));
  rates.decode_tok_s_topk40[sequences] = (sequences * shape.new) / (await seconds(() => all(shape.new, 40)));
  sampling.seconds = 0;
  const full = await seconds(() => all(shape.new, null));
  rates.decode_tok_s[sequences] = (sequences * shape.new) / full;
  rates.sampling_share[sequences] = sampling.seconds / full;
  await batcher.close();
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
