// How exact the mode `fast` is: the same requests in `reproducible` (twice) and in `fast` (all at once), greedy and sampled.
// Ids are compared up to the first difference, after which the texts are unrelated. Prints one JSON line.
//   node scripts/measure-modes.mjs [--model FILE] [--tokens 64]
import { parseArgs } from "node:util";
import { openEngine } from "../dist/llm/engine/llama.js";
import { episodeTemplate } from "../dist/llm/text/template.js";
import { embeddedCatalogue } from "../dist/tools/toolset.js";
import { modelFile } from "./setup/model-file.mjs";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    tokens: { type: "string", default: "64" },
  },
});
const model = await modelFile(values.model);
const toolsets = embeddedCatalogue().slice(0, 8);

/** Plays every request once; returns ids and log-probs of each. */
async function play(/** @type {"fast" | "reproducible"} */ mode, /** @type {number} */ temperature) {
  const engine = await openEngine({
    policyModel: model,
    simulatorModel: null,
    mode,
    gpu: "auto",
    threads: null,
    policySequences: 8,
    policyContext: 1024,
    simulatorSequences: 1,
    simulatorContext: 256,
  });
  const template = episodeTemplate(engine.vocabulary, { dialect: "hermes", markers: "pieces" });
  const requests = toolsets.map((toolset, seed) => ({
    ids: [
      ...template.system("You are an assistant with tools.", toolset.tools.slice(0, 2)),
      ...template.user(`I need help: ${toolset.tools[0]?.description} Tell me what you need and do it.`, true),
    ],
    seed,
    temperature,
    maxTokens: Number(values.tokens),
    stop: template.stop,
    deadlineMs: 600_000,
  }));
  const sampled = await Promise.all(requests.map((request) => engine.policy.sample(request)));
  await engine[Symbol.asyncDispose]();
  return sampled;
}

/** @typedef {Awaited<ReturnType<typeof play>>} Sampled */

/** @param {Sampled} one @param {Sampled} other */
function compare(one, other) {
  const rows = one.map(({ ids, logprobs }, at) => {
    const twin = other[at] ?? { ids: [], logprobs: [] };
    const end = ids.findIndex((id, position) => id !== twin.ids[position]);
    const same = end === -1 ? ids.length : end;
    const gaps = logprobs.slice(0, same).map((logprob, position) => Math.abs(logprob - (twin.logprobs[position] ?? Number.NaN)));
    return { compared: same + Number(end !== -1), differs: Number(end !== -1), gaps };
  });
  const compared = rows.reduce((sum, row) => sum + row.compared, 0);
  const gaps = rows.flatMap((row) => row.gaps);
  return {
    tokens: compared,
    agreement: 1 - rows.reduce((sum, row) => sum + row.differs, 0) / compared,
    logprob_difference_mean: gaps.reduce((sum, gap) => sum + gap, 0) / Math.max(1, gaps.length),
    logprob_difference_max: Math.max(0, ...gaps),
    bit_equal: gaps.every((gap) => gap === 0) && rows.every((row) => row.differs === 0),
  };
}

/** @type {Record<string, unknown>} */
const result = { model: model.split("/").at(-1) };
for (const [name, temperature] of /** @type {const} */ ([
  ["greedy", 0],
  ["sampled", 1],
])) {
  const exact = await play("reproducible", temperature);
  result[name] = {
    reproducible_again: compare(exact, await play("reproducible", temperature)),
    fast: compare(exact, await play("fast", temperature)),
  };
}
process.stdout.write(`${JSON.stringify(result)}\n`);
