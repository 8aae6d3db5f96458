// `npm run bench:engine -- [--json] [--sequences 1,4,8,16] [--model FILE] [--threads N] [--without PEER,…]`: decode, prefill and a
// GRPO-shaped work list with Playact's engine, node-llama-cpp's `sequence.evaluate` and transformers' `generate`, one after
// the other in separate processes; llama-batched-bench (decoding without sampling) is the upper bound. Compare the ratios:
// the seconds depend on the machine.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { distinctPrefill } from "./bench-engine/work.mjs";
import { modelFile } from "./setup/model-file.mjs";
import { root } from "./setup/step.mjs";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    sequences: { type: "string", default: "1,4,8,16" },
    model: { type: "string" },
    threads: { type: "string", default: String(availableParallelism()) },
    without: { type: "string", default: "" },
  },
});
const say = (/** @type {string} */ text) => process.stderr.write(`bench: ${text}\n`);
if (!existsSync(join(root, "dist"))) {
  say('dist/ is missing; run "npm run setup" once');
  process.exit(4);
}
const model = await modelFile(values.model);
const python = process.env.PLAYACT_PYTHON || join(root, ".venv", "bin", "python");
const script = (/** @type {string} */ name) => join(root, "scripts", "bench-engine", name);
const common = [model, values.threads];
/** @type {Record<string, readonly string[]>} */
const commands = {
  ours: [process.execPath, script("ours.mjs"), ...common, values.sequences],
  evaluate: [process.execPath, script("evaluate.mjs"), ...common, values.sequences],
  transformers: [python, script("transformers_generate.py"), ...common, "float32", values.sequences],
  ceiling: [process.execPath, script("batched-bench.mjs"), ...common, values.sequences],
};

/** @type {Record<string, any>} */
const said = {};
for (const [peer, [program = "", ...args]] of Object.entries(commands)) {
  if (values.without.split(",").includes(peer)) continue;
  say(`${peer} …`);
  const start = performance.now();
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const line = stdout.trim().split("\n").at(-1) ?? "";
  if (status !== 0 || !line.startsWith("{")) {
    say(`${peer} failed (exit ${status}); it is left out`);
    continue;
  }
  said[peer] = JSON.parse(line);
  say(`${peer} took ${((performance.now() - start) / 1000).toFixed(0)} s`);
}

const column = (/** @type {string} */ key) =>
  Object.fromEntries(Object.entries(said).flatMap(([peer, result]) => (result[key] ? [[peer, result[key]]] : [])));
const result = {
  model: model.split("/").at(-1),
  threads: Number(values.threads),
  decode_tok_s: column("decode_tok_s"),
  decode_tok_s_topk40: column("decode_tok_s_topk40"),
  prefill_tok_s: column("prefill_tok_s"),
  sampling_share: said.ours?.sampling_share,
  grpo: {
    prefilled: said.ours?.grpo.prefilled,
    distinct: distinctPrefill(),
    seconds: { ours: said.ours?.grpo.seconds, evaluate: said.evaluate?.grpo.seconds },
    prefilled_evaluate: said.evaluate?.grpo.prefilled,
  },
};
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else {
  for (const key of /** @type {const} */ (["prefill_tok_s", "decode_tok_s_topk40", "decode_tok_s"])) {
    process.stdout.write(`${key}\n`);
    const rows = Object.entries(result[key]).map(([peer, rates]) => [
      peer,
      Object.fromEntries(Object.entries(rates).map(([count, rate]) => [count, Number(Number(rate).toFixed(1))])),
    ]);
    console.table(Object.fromEntries(rows));
  }
  process.stdout.write(`GRPO-shaped list: ${JSON.stringify(result.grpo)}\n`);
  process.stdout.write(`share of decoding spent in full-vocabulary sampling: ${JSON.stringify(result.sampling_share)}\n`);
}
