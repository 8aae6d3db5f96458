// Peer of bench-engine.mjs: node-llama-cpp's own `sequence.evaluate`, all sequences in parallel. Prints one JSON line.
//   node scripts/bench-engine/evaluate.mjs MODEL THREADS SEQUENCES,…
import { getLlama, LlamaLogLevel } from "node-llama-cpp";
import { firstPrompt, grpo, inLanes, seconds, shape, someIds, toolResult } from "./work.mjs";

const [path = "", threadsText = "2", list = "8"] = process.argv.slice(2);
const threads = Number(threadsText);
const llama = await getLlama({
  gpu: false,
  build: "never",
  skipDownload: true,
  logLevel: LlamaLogLevel.error,
  maxThreads: threads,
});
const model = await llama.loadModel({ modelPath: path });
const fullVocabulary = { temperature: 1, topK: 0, topP: 1, minP: 0 };
const topK40 = { temperature: 1, topK: 40, topP: 1, minP: 0 };

/** @typedef {import("node-llama-cpp").Token} Token */

/**
 * Appends `ids` to a sequence and samples `count` tokens after them.
 * @param {import("node-llama-cpp").LlamaContextSequence} sequence
 * @param {readonly Token[]} ids
 * @param {number} count
 * @param {typeof topK40} sampling
 */
async function take(sequence, ids, count, sampling) {
  const taken = [];
  for await (const id of sequence.evaluate([...ids], sampling)) {
    taken.push(id);
    if (taken.length === count) break;
  }
  return taken;
}

/** The same numbers, under node-llama-cpp's own name for them. */
const tokens = (/** @type {readonly number[]} */ ids) => /** @type {Token[]} */ (/** @type {unknown} */ ([...ids]));
const open = (/** @type {number} */ sequences, /** @type {number} */ contextSize) =>
  model.createContext({ sequences, contextSize, batchSize: 512, threads });

/** @type {Record<"prefill_tok_s" | "decode_tok_s" | "decode_tok_s_topk40", Record<string, number>>} */
const rates = { prefill_tok_s: {}, decode_tok_s: {}, decode_tok_s_topk40: {} };
for (const count of list.split(",").map(Number)) {
  const context = await open(count, shape.prompt + 2 * shape.new + 64);
  const lanes = Array.from({ length: count }, (_, at) => {
    const prompt = tokens(someIds(at, shape.prompt));
    return { sequence: context.getSequence(), stem: prompt.slice(0, -1), last: prompt.slice(-1) };
  });
  const prefill = () => Promise.all(lanes.map(({ sequence, stem }) => sequence.evaluateWithoutGeneratingNewTokens(stem)));
  rates.prefill_tok_s[count] = (count * shape.prompt) / (await seconds(prefill));
  for (const [key, sampling] of /** @type {const} */ ([
    ["decode_tok_s_topk40", topK40],
    ["decode_tok_s", fullVocabulary],
  ])) {
    await Promise.all(lanes.map(({ sequence, stem }) => sequence.adaptStateToTokens(stem, false)));
    const decode = () => Promise.all(lanes.map(({ sequence, last }) => take(sequence, last, shape.new, sampling)));
    rates[key][count] = (count * shape.new) / (await seconds(decode));
  }
  await context.dispose();
}

// the GRPO-shaped list, each sequence reusing as much as possible of its own state
const context = await open(grpo.sequences, 1024);
const sequences = Array.from({ length: grpo.sequences }, () => context.getSequence());
const episodes = Array.from({ length: grpo.tasks * grpo.samples }, (_, at) => at);
let prefilled = 0;
const time = await seconds(() =>
  inLanes(grpo.sequences, episodes, async (episode, lane) => {
    const [task, sample] = [Math.floor(episode / grpo.samples), episode % grpo.samples];
    const sequence = sequences[lane];
    if (sequence === undefined) throw new RangeError("more lanes than sequences");
    let ids = tokens(firstPrompt(task));
    for (let turn = 0; turn < grpo.turns; turn++) {
      await sequence.adaptStateToTokens(ids.slice(0, -1), false);
      const rest = ids.slice(sequence.nextTokenIndex);
      prefilled += rest.length;
      const answer = await take(sequence, rest, grpo.answer, fullVocabulary);
      ids = [...ids, ...answer, ...tokens(toolResult(task, sample, turn))];
    }
  }),
);
process.stdout.write(`${JSON.stringify({ ...rates, grpo: { seconds: time, prefilled } })}\n`);
process.exit(0); // exiting frees contexts and models
