// Fuzzes the bridge to the learner with many faults in seeded random order: P1 (the child misbehaves or is killed) and P2
// (the parent is killed). In each run every call must settle, closing must end and no process may be left.
//   node scripts/fuzz-bridge.mjs [--runs 1000] [--seed 1] [--workers 4] [--real 0]
// needs dist/ (npm run build). --real N: N runs with the real learner on the smallest model. Prints one JSON line; exit code 1
// and the seeds of failed runs. Some seeds run in the test suite (test/learner/fuzz.test.ts).
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** @typedef {typeof import("../src/learner/torch.ts").startLearner} StartLearner */
/** @typedef {import("../src/learner/torch.ts").TorchLearner} TorchLearner */
/** @typedef {{ readonly fault: string, readonly settledMs: number, readonly goneMs: number }} Outcome */

const root = fileURLToPath(new URL("..", import.meta.url));
const model = join(root, "models", "smollm2-135m-instruct-q4_1.gguf");
/** Acts of the light child (native/trainer/tests/light.py); the last three do not end by themselves. */
const acts = [
  ...["nothing", "print", "flood", "drip", "refuse", "fail", "crash", "leave", "abort", "garbage", "oversized"],
  ...["stop", "hold", "trickle"],
  "sleep",
];
const outside = ["none", "none", "SIGKILL", "SIGSTOP", "SIGTERM", "close"];
const settleMs = 8000; // twice the time until a silent child is noticed, with room for a busy machine

/**
 * One run with the light child: a few calls at once, one of them with a fault, or an outside event at a random time.
 * @param {StartLearner} startLearner
 * @param {string} python
 * @param {number} seed
 * @returns {Promise<Outcome>}
 */
export async function fuzzLight(startLearner, python, seed) {
  const draw = draws(seed);
  const learner = await startLearner({ python, deadlineSeconds: 1, fileSeconds: 1, module: "trainer.tests.light" });
  const calls = Array.from({ length: 1 + (draw() % 4) }, () => acts[draw() % acts.length] ?? "nothing");
  let event = outside[draw() % outside.length] ?? "none";
  if (event === "none" && calls.includes("sleep")) event = "close";
  const settled = calls.map((act) => settle(learner.restore(`/fuzz/${act}`)));
  return finish(learner, `${calls.join("+")} ${event}`, settled, event, draw() % 60);
}

/**
 * One run with the real learner on the smallest model: an update or a save, interrupted by a signal or by closing.
 * @param {StartLearner} startLearner
 * @param {string} python
 * @param {number} seed
 * @returns {Promise<Outcome>}
 */
async function fuzzReal(startLearner, python, seed) {
  const draw = draws(seed);
  const folder = mkdtempSync(join(tmpdir(), "playact-fuzz-"));
  const learner = await startLearner({ python, deadlineSeconds: 4, fileSeconds: 5 });
  try {
    const optimizer = {
      learningRate: 1e-4,
      betas: /** @type {const} */ ([0.9, 0.999]),
      eps: 1e-8,
      weightDecay: 0,
      gradClip: 1,
    };
    const lora = { rank: 8, alpha: 16, seed: 1 };
    await learner.open({ model, lora, optimizer, device: "cpu", dtype: "float32", threads: null, memory: null, rowTokens: null });
    const ids = Array.from({ length: 200 }, () => 100 + (draw() % 20_000));
    const own = { ids, mask: ids.map((_, i) => /** @type {0 | 1} */ (i > 100 ? 1 : 0)), logprobs: ids.map(() => -9) };
    const sample = { ...own, advantages: ids.map((_, i) => (i > 100 ? 1 : 0)) };
    const update = learner.update({ minibatches: [[sample], [sample]], loss: { kind: "sft" }, learningRate: 1e-4 });
    const settled = [settle(update), settle(learner.save(join(folder, "save")))];
    const event = ["SIGKILL", "SIGSTOP", "SIGTERM", "close", "SIGABRT"][draw() % 5] ?? "SIGKILL";
    return await finish(learner, `real ${event}`, settled, event, draw() % 6000);
  } finally {
    await learner.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Triggers the outside event, waits for everything, measures.
 * @param {TorchLearner} learner
 * @param {string} fault
 * @param {readonly Promise<number>[]} settled when each call settled
 * @param {string} event
 * @param {number} afterMs
 * @returns {Promise<Outcome>}
 */
async function finish(learner, fault, settled, event, afterMs) {
  if (event !== "none") await wait(afterMs);
  const from = performance.now();
  const closing = event === "close" ? learner.close() : Promise.resolve();
  if (event.startsWith("SIG")) signal(learner.pid, event);
  const last = Math.max(...(await within(Promise.all(settled), settleMs, `${fault}: a call did not settle`)));
  const dead = learner.failure() === null ? null : performance.now();
  if (dead !== null) await gone(learner.pid, dead, event === "close" ? 5000 : 1000, fault); // closing tries gentler ways first
  const goneMs = dead === null || event === "close" ? 0 : performance.now() - dead;
  await within(Promise.all([closing, learner.close()]), settleMs, `${fault}: closing did not end`);
  await gone(learner.pid, performance.now(), 0, fault);
  return { fault, settledMs: Math.max(0, last - from), goneMs };
}

/**
 * P2: a separate parent starts the light child, calls it, and is killed at a random time.
 * @param {string} python
 * @param {number} seed
 * @returns {Promise<Outcome>}
 */
async function fuzzParent(python, seed) {
  const draw = draws(seed);
  const act = ["nothing", "sleep", "hold", "trickle", "flood"][draw() % 5] ?? "hold";
  const script = fileURLToPath(import.meta.url);
  const parent = spawn(process.execPath, [script, "--victim", act, "--python", python], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await within(once(parent.stdout, "data"), 60_000, "the victim did not start");
  const pid = Number.parseInt(String(line), 10);
  await wait(draw() % 200);
  parent.kill("SIGKILL");
  const dead = performance.now();
  await gone(pid, dead, 1000, `parent killed while the child does ${act}`);
  return { fault: `parent ${act}`, settledMs: 0, goneMs: performance.now() - dead };
}

/**
 * @param {number} pid
 * @param {number} since
 * @param {number} ms
 * @param {string} fault
 */
async function gone(pid, since, ms, fault) {
  while (lives(pid)) {
    if (performance.now() - since > ms) {
      signal(pid, "SIGKILL");
      throw new Error(`${fault}: the child ${pid} still runs after ${ms} ms`);
    }
    await wait(2);
  }
}

/** @param {number} pid */
function lives(pid) {
  const stat = `/proc/${pid}/stat`;
  if (process.platform === "linux") return existsSync(stat) && !/^Z/.test(readFileSync(stat, "utf8").replace(/^.*\) /s, ""));
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/**
 * @param {number} pid
 * @param {string} name
 */
function signal(pid, name) {
  if (!(pid > 1)) throw new Error(`${pid} is not the id of a child`); // 0 would be this process and its group
  try {
    process.kill(pid, name);
  } catch {
    // it has already ended, which is what the signal was for
  }
}

/**
 * When a call settled, whether it succeeded or failed.
 * @param {Promise<unknown>} call
 */
async function settle(call) {
  await call.catch(() => {});
  return performance.now();
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number} ms
 * @param {string} what
 * @returns {Promise<T>}
 */
async function within(promise, ms, what) {
  const timer = new AbortController();
  const late = wait(ms, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${what} within ${ms} ms`);
  });
  late.catch(() => {}); // aborted if the promise was first
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

/**
 * Integers from a seed (mulberry32).
 * @param {number} seed
 */
function draws(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

async function main() {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "1000" },
      seed: { type: "string", default: "1" },
      workers: { type: "string", default: "4" },
      real: { type: "string", default: "0" },
      victim: { type: "string" },
      python: { type: "string" },
    },
  });
  const built = new URL("../dist/", import.meta.url).href; // not a literal, so that types can be checked without dist/
  /** @type {{ startLearner: StartLearner }} */
  const { startLearner } = await import(`${built}learner/torch.js`);
  /** @type {{ pythonPath: () => string }} */
  const { pythonPath } = await import(`${built}models/python.js`);
  const python = values.python ?? pythonPath();
  if (values.victim !== undefined) {
    const learner = await startLearner({ python, deadlineSeconds: 60, module: "trainer.tests.light" });
    process.stdout.write(`${learner.pid}\n`);
    await learner.restore(`/fuzz/${values.victim}`).catch(() => {});
    return wait(60_000);
  }
  const first = Number(values.seed);
  const work = Array.from({ length: Number(values.runs) }, (_, i) => ({
    seed: first + i,
    run: () => (i % 10 === 9 ? fuzzParent(python, first + i) : fuzzLight(startLearner, python, first + i)),
  }));
  /** @type {Outcome[]} */
  const outcomes = [];
  /** @type {string[]} */
  const failures = [];
  /** @param {{ seed: number, run: () => Promise<Outcome> }} one */
  const carryOut = async ({ seed, run }) => {
    try {
      outcomes.push(await run());
    } catch (error) {
      failures.push(`seed ${seed}: ${error instanceof Error ? error.message : error}`);
      process.stderr.write(`${failures.at(-1)}\n`);
    }
  };
  await Promise.all(
    Array.from({ length: Number(values.workers) }, async () => {
      for (let one = work.shift(); one !== undefined; one = work.shift()) await carryOut(one);
    }),
  );
  for (let i = 0; i < Number(values.real); i++) {
    await carryOut({ seed: first + i, run: () => fuzzReal(startLearner, python, first + i) });
  }
  const slowest = (/** @type {"settledMs" | "goneMs"} */ key) => Math.round(Math.max(0, ...outcomes.map((one) => one[key])));
  const report = {
    light: Number(values.runs),
    real: Number(values.real),
    kinds: new Set(outcomes.map((one) => one.fault)).size,
    failed: failures.length,
    slowest_settled_ms: slowest("settledMs"),
    slowest_gone_ms: slowest("goneMs"),
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  process.exitCode = failures.length === 0 ? 0 : 1;
  return undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
