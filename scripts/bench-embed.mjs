// Measures the embedder: texts per second over 1,000 task-like texts of about 48 tokens, in batches, and one by one, as the
// novelty check embeds them.
//   node scripts/bench-embed.mjs [--texts 1000] [--threads N] [--repeats 3] [--json]
// Needs a build (`npm run build`) and the model (`npx playact models get all-minilm-l6-v2`). Reports the median of the repeats.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { load } from "./measure/desk.mjs";

const { openEmbedderFiles } = await load("run/open-embedder.js");
const { embeddedCatalogue } = await load("tools/toolset.js");
const { draws } = await load("rng.js");

const { values } = parseArgs({
  options: {
    texts: { type: "string", default: "1000" },
    threads: { type: "string" },
    repeats: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});

/** A user's request made from the catalogue's descriptions: two wishes, each with a date and an amount. */
function taskLike(/** @type {number} */ number) {
  const random = draws("bench-embed", number);
  const tools = embeddedCatalogue().flatMap((/** @type {{ tools: { description: string }[] }} */ toolset) => toolset.tools);
  const wish = () =>
    `${random.pick(tools).description} Make it 2027-0${random.integer(1, 9)}-1${random.integer(0, 9)} for ${random.integer(2, 90)}.`;
  return `Please help me with these two things today: ${wish()} ${wish()}`;
}

const texts = Array.from({ length: Number(values.texts) }, (_, number) => taskLike(number));
const threads = values.threads === undefined ? null : Number(values.threads);
const opening = performance.now();
const embedder = await openEmbedderFiles(threads);
const opened = (performance.now() - opening) / 1000;
const lengths = texts.map((text) => embedder.pieces(text).length);
await embedder.embed(texts.slice(0, 32)); // the first run of a shape is slower

const median = (/** @type {number[]} */ all) => all.sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
/** @param {() => Promise<unknown>} work */
async function rate(work, /** @type {number} */ count) {
  const rates = [];
  for (let repeat = 0; repeat < Number(values.repeats); repeat++) {
    const started = performance.now();
    await work();
    rates.push((1000 * count) / (performance.now() - started));
  }
  return median(rates);
}

const few = texts.slice(0, 100);
const result = {
  texts: texts.length,
  mean_tokens: lengths.reduce((sum, length) => sum + length, 0) / lengths.length,
  threads: threads ?? cpus().length,
  open_seconds: opened,
  batched_per_second: await rate(() => embedder.embed(texts), texts.length),
  single_per_second: await rate(async () => {
    for (const text of few) await embedder.embed([text]);
  }, few.length),
  megabytes: process.memoryUsage().rss / 1e6,
};
await embedder[Symbol.asyncDispose]();
process.stdout.write(`${JSON.stringify(result, null, values.json ? 0 : 2)}\n`);
