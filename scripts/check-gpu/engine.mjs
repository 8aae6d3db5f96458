// `check:gpu --engine`: the engine's device and layers, what a context takes against the estimate from which the number of
// sequences is chosen, tokens a second by sequences, and what libuv's threads are worth to sampling.
//   node scripts/check-gpu/engine.mjs --json FILE --sequences 1,8,32,64 [--model FILE.gguf] [--cpu]
//   node scripts/check-gpu/engine.mjs --rates 64 --model FILE [--cpu]      one measurement as a JSON line, for its environment
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { checked, nativeContextOf } from "../../dist/llm/engine/addon.js";
import { deviceOf, startLlama } from "../../dist/llm/engine/llama.js";
import { loadModel } from "../../dist/llm/engine/llama-model.js";
import { openContext } from "../../dist/llm/engine/llama-seat.js";
import { nvidiaCards, whyNotOnCard } from "../../dist/llm/engine/nvidia.js";
import { batchTokens } from "../../dist/plan/shape.js";
import { neededTokens, ratesOf } from "../bench-engine/rates.mjs";
import { modelFile } from "../setup/model-file.mjs";
import { SetupError, script } from "../setup/step.mjs";
import { judged, shown, table } from "./finding.mjs";

/** @typedef {import("./finding.mjs").Finding} Finding */
/** @typedef {import("node-llama-cpp").Llama} Llama */
/** @typedef {import("node-llama-cpp").LlamaModel} LlamaModel */

const mostSeconds = 480;
/** Tokens of a sequence for the estimate: the default of engine.policyContext. */
const contextTokens = 2048;
/** Part by which an estimate may be off. */
const tolerance = 0.05;
/** libuv's own number of threads, where nothing sets another. */
const fewThreads = 4;
const embedded = "qwen2.5-coder-1.5b-instruct";

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    sequences: { type: "string", default: "1,8,32,64" },
    model: { type: "string" },
    cpu: { type: "boolean", default: false },
    rates: { type: "string" },
  },
});
const threads = availableParallelism();

await script(async () => {
  const path = await modelFile(values.model ?? embedded);
  if (values.rates === undefined) await checks(path);
  else process.stdout.write(`${JSON.stringify(await alone(path, Number(values.rates)))}\n`);
});

/** @param {string} path */
async function checks(path) {
  const started = performance.now();
  const llama = await startLlama(values.cpu ? "off" : "auto", threads);
  const device = await deviceOf(llama);
  const onCard = llama.gpu !== false;
  if (!onCard && !values.cpu && (await nvidiaCards()) === null)
    throw new SetupError(`There is no GPU: nvidia-smi does not answer, and the engine is on ${device}. To try the checks: --cpu`);
  const loaded = await loadModel(llama, path);
  /** @type {Finding[]} */
  const findings = [...(await deviceFindings(llama, loaded, device))];
  const measuring = onCard || values.cpu; // on the processor beside an idle card the figures would mean nothing
  let most = 0;
  for (const sequences of measuring ? values.sequences.split(",").map(Number) : []) {
    process.stderr.write(`check:gpu: ${sequences} sequences …\n`);
    findings.push(...(await memoryFindings(llama, loaded, sequences)));
    const opened = await contextOf(llama, loaded, sequences, neededTokens);
    if (opened === null) continue;
    const measured = await ratesOf(llama, loaded, opened, sequences);
    await opened.dispose();
    most = sequences;
    const share = `${Math.round(measured.sampling_share * 100)} % of the time rows are sampled`;
    const more = `prefill ${Math.round(measured.prefill_tok_s)} tok/s, top-k 40 ${Math.round(measured.decode_tok_s_topk40)} tok/s`;
    findings.push(
      shown("speed", `${sequences} sequences, whole vocabulary`, measured.decode_tok_s, "tok/s", `${share}; ${more}`),
    );
  }
  await loaded.dispose();
  await llama.dispose();
  if (most > 0) findings.push(...threadFindings(path, most));
  const seconds = (performance.now() - started) / 1000;
  findings.push(judged(shown("all checks", "seconds", seconds, "s"), `< ${mostSeconds}`, seconds < mostSeconds));
  report(findings, { device, model: basename(path), threads });
}

/**
 * @param {Llama} llama
 * @param {LlamaModel} loaded
 * @param {string} device
 */
async function deviceFindings(llama, loaded, device) {
  const onCard = llama.gpu !== false;
  const why = onCard || values.cpu ? device : ((await whyNotOnCard()) ?? device);
  const where = shown("device", "where the engine computes", null, "", why);
  const layers = shown("device", "layers on the GPU", loaded.gpuLayers);
  const uv = shown("device", "libuv's threads", Number(process.env.UV_THREADPOOL_SIZE ?? fewThreads));
  if (values.cpu) return [where, layers, uv];
  const total = loaded.fileInsights.totalLayers;
  return [
    judged(where, "a GPU", onCard),
    judged(layers, `= ${total}`, loaded.gpuLayers === total),
    judged(uv, `>= ${threads}`, (uv.value ?? 0) >= threads),
  ];
}

/**
 * What a context is expected to take, in bytes of the memory that it is in. The one place that knows where the number comes from.
 * @param {Llama} llama
 * @param {LlamaModel} loaded
 * @param {number} sequences
 */
async function expectedBytes(llama, loaded, sequences) {
  const { cpuRam, gpuVram } = await loaded.fileInsights.estimateContextResourceRequirementsV2({
    contextSize: contextTokens,
    modelGpuLayers: loaded.gpuLayers,
    batchSize: batchTokens,
    sequences,
    swaFullCache: true,
  });
  return llama.gpu === false ? cpuRam : gpuVram;
}

/**
 * The estimate of a context against what llama.cpp says that it holds: exact on every device.
 * @param {Llama} llama
 * @param {LlamaModel} loaded
 * @param {number} sequences
 * @returns {Promise<Finding[]>}
 */
async function memoryFindings(llama, loaded, sequences) {
  const what = `${sequences} sequences of ${contextTokens} tokens: estimated/held`;
  const opened = await contextOf(llama, loaded, sequences, contextTokens);
  if (opened === null) return [shown("memory", what, null, "", "left out: it does not fit here")];
  const estimate = await expectedBytes(llama, loaded, sequences);
  const native = /** @type {{ getMemoryBreakdown(): { cpuRam: number, gpuVram: number } }} */ (
    checked(opened, "_ctx", /** @type {never[]} */ (["getMemoryBreakdown"]))
  );
  const { cpuRam, gpuVram } = native.getMemoryBreakdown();
  await opened.dispose();
  const held = llama.gpu === false ? cpuRam : gpuVram;
  const ratio = estimate / held;
  const note = `${(estimate / 1e9).toFixed(2)} / ${(held / 1e9).toFixed(2)} GB`;
  const bound = `${1 - tolerance} .. ${1 + tolerance}`;
  return [judged(shown("memory", what, ratio, "", note), bound, Math.abs(ratio - 1) <= tolerance)];
}

/**
 * Null where there is no memory for it.
 * @param {Llama} llama
 * @param {LlamaModel} loaded
 * @param {number} sequences
 * @param {number} tokens
 */
async function contextOf(llama, loaded, sequences, tokens) {
  const onCpu = llama.gpu === false;
  try {
    const opened = await openContext(loaded, { sequences, contextTokens: tokens, threads, onCpu });
    nativeContextOf(opened).setThreads(threads);
    return opened;
  } catch (error) {
    if (error instanceof Error && "boundary" in error && error.boundary === "memory") return null;
    throw error;
  }
}

/**
 * Decoding in processes of their own, since libuv reads the number once: with libuv's few threads, and with Playact's.
 * @param {string} path
 * @param {number} sequences
 */
function threadFindings(path, sequences) {
  const ours = Number(process.env.UV_THREADPOOL_SIZE ?? fewThreads);
  return [...new Set([fewThreads, ours])].map((count) => {
    const args = [
      fileURLToPath(import.meta.url),
      "--rates",
      String(sequences),
      "--model",
      path,
      ...(values.cpu ? ["--cpu"] : []),
    ];
    const env = { ...process.env, UV_THREADPOOL_SIZE: String(count) };
    const { status, stdout } = spawnSync(process.execPath, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
    const what = `${sequences} sequences, ${count} threads of libuv`;
    if (status !== 0) return judged(shown("sampler", what, null, "", `ended with ${status}`), "", false);
    const rates = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}");
    return shown("sampler", what, rates.decode_tok_s, "tok/s", `${Math.round(rates.sampling_share * 100)} % sampling`);
  });
}

/**
 * @param {string} path
 * @param {number} sequences
 */
async function alone(path, sequences) {
  const llama = await startLlama(values.cpu ? "off" : "auto", threads);
  const loaded = await loadModel(llama, path);
  const opened = await contextOf(llama, loaded, sequences, neededTokens);
  if (opened === null) throw new SetupError(`${sequences} sequences do not fit into memory.`, { code: 5 });
  const measured = await ratesOf(llama, loaded, opened, sequences);
  await llama.dispose();
  return measured;
}

/**
 * @param {readonly Finding[]} findings
 * @param {Readonly<Record<string, unknown>>} machine
 */
function report(findings, machine) {
  const passed = findings.every((finding) => finding.ok !== false);
  process.stdout.write(`${table(findings)}\n`);
  if (values.json !== undefined) {
    const record = { passed, at: new Date().toISOString(), ...machine, findings };
    writeFileSync(values.json, `${JSON.stringify(record, null, 2)}\n`);
  }
  process.exitCode = passed ? 0 : 1;
}
