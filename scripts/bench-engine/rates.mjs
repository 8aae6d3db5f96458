// Tokens a second of one context with so many sequences: prefill, draws from the 40 best, draws from the whole vocabulary with
// log-probs (as the policy does), and the share of time in which rows are being sampled.
import { bindingsOf, nativeContextOf, nativeModelOf } from "../../dist/llm/engine/addon.js";
import { createBatcher } from "../../dist/llm/engine/batcher.js";
import { createLock } from "../../dist/llm/engine/lock.js";
import { openDrawer, openSampler } from "../../dist/llm/engine/sampler.js";
import { batchTokens } from "../../dist/plan/shape.js";
import { seconds, shape, someIds } from "./work.mjs";

/** Tokens that a sequence of the measurement needs. */
export const neededTokens = shape.prompt + shape.new + 64;

/**
 * @param {import("node-llama-cpp").Llama} llama
 * @param {import("node-llama-cpp").LlamaModel} loaded
 * @param {import("node-llama-cpp").LlamaContext} opened
 * @param {number} sequences
 */
export async function ratesOf(llama, loaded, opened, sequences) {
  const [bindings, model, context] = [bindingsOf(llama), nativeModelOf(loaded), nativeContextOf(opened)];
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
  const prefill = (sequences * shape.prompt) / (await seconds(() => all(1, 40)));
  const topK40 = (sequences * shape.new) / (await seconds(() => all(shape.new, 40)));
  sampling.seconds = 0;
  const full = await seconds(() => all(shape.new, null));
  await batcher.close();
  return {
    prefill_tok_s: prefill,
    decode_tok_s_topk40: topK40,
    decode_tok_s: (sequences * shape.new) / full,
    sampling_share: sampling.seconds / full,
  };
}
