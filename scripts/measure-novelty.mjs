// The measurement behind the threshold of tasks.novelty: cosines between the first messages of stored tasks, by what the two
// tasks share, and how many pairs and tasks of a stream are above each threshold. Reads stores, writes nothing.
//   node scripts/measure-novelty.mjs --store playact.db [--store other.db …] [--simulator NAME] [--json]
// Needs a build (`npm run build`) and the model (`npx playact models get all-minilm-l6-v2`). Twins of tasks are excluded.
import { parseArgs } from "node:util";
import { load } from "./measure/desk.mjs";

const { cosine } = await load("embed/cosine.js");
const { openEmbedderFiles } = await load("run/open-embedder.js");
const { openStore } = await load("store/store.js");

const { values } = parseArgs({
  options: {
    store: { type: "string", multiple: true, default: [] },
    simulator: { type: "string", default: "qwen2.5-coder-1.5b-instruct" },
    json: { type: "boolean", default: false },
  },
});
const thresholds = [0.8, 0.85, 0.88, 0.9, 0.92, 0.94, 0.96];

/** @typedef {{ message: string, intent: string, toolset: string, domain: string }} Row */

/** Tasks by their first message, each message once. */
function messages() {
  /** @type {Map<string, Row>} */
  const found = new Map();
  for (const path of values.store) {
    const store = openStore(path, { readonly: true });
    const bodies = store.database
      .prepare(
        "SELECT body FROM task JOIN run ON run.id = task.run WHERE json_extract(config, '$.models.simulator') = ? AND task.name NOT LIKE '%-without'",
      )
      .pluck()
      .all(values.simulator);
    for (const body of bodies) {
      const { firstMessage, intent, toolset, domain } = JSON.parse(String(body));
      if (!found.has(firstMessage)) found.set(firstMessage, { message: firstMessage, intent, toolset, domain });
    }
    store[Symbol.dispose]();
  }
  return [...found.values()];
}

/** The calls of an intent without their values. */
const purpose = (/** @type {Row} */ { intent }) => intent.replace(/ \(.*/s, "");

/**
 * What two tasks share.
 * @param {Row} a
 * @param {Row} b
 */
function shared(a, b) {
  if (a.intent === b.intent) return "calls and values";
  if (purpose(a) === purpose(b)) return "calls";
  if (a.toolset === b.toolset) return "toolset";
  return a.domain === b.domain ? "domain" : "nothing";
}

const rows = messages();
const embedder = await openEmbedderFiles(null);
/** @type {Float32Array[]} */
const vectors = await embedder.embed(rows.map(({ message }) => message));
await embedder[Symbol.asyncDispose]();

/** @type {Record<string, number[]>} */
const cosines = { "calls and values": [], calls: [], toolset: [], domain: [], nothing: [] };
for (const [at, a] of rows.entries())
  for (const [before, b] of rows.slice(0, at).entries()) cosines[shared(a, b)]?.push(cosine(vectors[at], vectors[before]));

const round = (/** @type {number} */ value) => Number(value.toFixed(3));
const pairs = Object.entries(cosines).map(([share, all]) => {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (/** @type {number} */ part) => round(sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN);
  const above = thresholds.map((threshold) => [threshold, round(all.filter((one) => one > threshold).length / all.length)]);
  return { share, pairs: all.length, p10: at(0.1), p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1), above };
});

/**
 * Number of tasks in the stream that would be drawn again.
 * @param {number} threshold
 */
function rejected(threshold) {
  /** @type {Float32Array[]} */
  const kept = [];
  for (const vector of vectors) if (!kept.some((other) => cosine(vector, other) > threshold)) kept.push(vector);
  return vectors.length - kept.length;
}

const result = {
  messages: rows.length,
  pairs,
  stream: thresholds.map((threshold) => ({ threshold, rejected: rejected(threshold) })),
};
process.stdout.write(`${JSON.stringify(result, null, values.json ? 0 : 2)}\n`);
