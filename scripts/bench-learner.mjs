// `npm run bench:learner`: one GRPO step of Playact, TRL's GRPOTrainer and a plain PyTorch loop. Same model, same work: one
// prompt of 250 tokens, 8 completions of 64, LoRA r16 on all linear layers. Each peer runs in its own process, one after the
// other, in each dtype; the summary has the fastest way of each, and `ways` has all of them.
//   npm run -s bench:learner -- --json [--model NAME] [--steps 2] [--only ours,trl,plain] [--dtypes float32,bfloat16]
//   npm run -s bench:learner -- --growth       time and memory against trained tokens, group and turns (Playact only)
// TRL is not a dependency of Playact: PLAYACT_BENCH_PYTHON names an interpreter with TRL, else .venv-bench is made.
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "./setup/build.mjs";
import { modelFile } from "./setup/model-file.mjs";

/** @typedef {{ step_s: number, update_s: number, peak_mb: number, step_cpu_s: number, update_cpu_s: number, [more: string]: unknown }} Measured */
/** @typedef {"ours" | "trl" | "plain"} Peer */

const root = fileURLToPath(new URL("..", import.meta.url));
const here = join(root, "scripts", "bench-learner");
const ourPython = process.env.PLAYACT_PYTHON || join(root, ".venv", "bin", "python");
const promptTokens = 250;

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    growth: { type: "boolean", default: false },
    model: { type: "string", default: "qwen2.5-coder-0.5b-instruct" },
    steps: { type: "string", default: "2" },
    only: { type: "string", default: "ours,plain,trl" },
    dtypes: { type: "string" }, // float32, and bfloat16 if the device multiplies it in hardware; otherwise it is emulated
  },
});
const model = await modelFile(values.model);

/** @param {string} text */
const say = (text) => process.stderr.write(`${text}\n`);

/**
 * Runs a program; its last line of stdout is the result. Its stderr is shown if it fails.
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {Promise<string>}
 */
function lastLine(program, args) {
  return new Promise((done, fail) => {
    const env = { ...process.env, PYTHONPATH: join(root, "native"), PLAYACT_PYTHON: ourPython };
    const child = spawn(program, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    let [output, log] = ["", ""];
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      log += chunk;
    });
    child.once("error", fail);
    child.once("close", (code, signal) => {
      if (code === 0) done(output.trim().split("\n").at(-1) ?? "");
      else fail(new Error(`${program} ${args.join(" ")} ended with ${signal ?? code}:\n${(log + output).trim().slice(-4000)}`));
    });
  });
}

/** An interpreter with TRL: the user's, or one that reuses our environment's packages and adds TRL's. */
async function benchPython() {
  if (process.env.PLAYACT_BENCH_PYTHON) return process.env.PLAYACT_BENCH_PYTHON;
  const folder = join(root, ".venv-bench");
  const python = join(folder, "bin", "python");
  if (!existsSync(python)) {
    say(`making .venv-bench with native/requirements-bench.txt`);
    await lastLine(ourPython, ["-m", "venv", folder]);
    const packages = await lastLine(ourPython, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]);
    const library = join(folder, "lib", readdirSync(join(folder, "lib"))[0] ?? "", "site-packages");
    appendFileSync(join(library, "playact.pth"), `${packages}\n`); // reuses torch, so that nothing large is downloaded twice
  }
  await lastLine(python, ["-m", "pip", "install", "-q", "-r", join(root, "native", "requirements-bench.txt")]);
  return python;
}

/** The dtypes to compare: those asked for, else float32 and what our learner would choose here. */
async function dtypes() {
  if (values.dtypes !== undefined) return values.dtypes.split(",");
  const asked = "from trainer.policy import pick_device, pick_dtype; print(pick_dtype('auto', pick_device('auto')))";
  const chosen = (await lastLine(ourPython, ["-c", asked])).replace("torch.", "");
  return [...new Set(["float32", chosen])];
}

/** @returns {Promise<readonly { readonly peer: Peer, readonly way: string, readonly program: string, readonly args: readonly string[] }[]>} */
async function ways() {
  const { steps } = values;
  const only = values.only.split(",");
  const folder = join(tmpdir(), "playact-bench-base", values.model.replace(/\W+/g, "-"));
  mkdirSync(folder, { recursive: true });
  say(`the base model as safetensors, for the peers: ${folder}`);
  await lastLine(ourPython, [join(here, "base.py"), model, folder, `${promptTokens}`]);
  const python = only.some((peer) => peer !== "ours") ? await benchPython() : "";
  const all = (await dtypes()).flatMap((dtype) => [
    {
      peer: /** @type {const} */ ("ours"),
      way: dtype,
      program: process.execPath,
      args: ["our_step.mjs", model, folder, dtype, steps],
    },
    { peer: /** @type {const} */ ("plain"), way: dtype, program: python, args: ["plain_step.py", folder, dtype, steps] },
    ...["checkpointing", "no-checkpointing"].map((memory) => ({
      peer: /** @type {const} */ ("trl"),
      way: `${dtype}, ${memory}${memory === "checkpointing" ? " (its default)" : ""}`,
      program: python,
      args: ["trl_step.py", folder, dtype, steps, memory],
    })),
  ]);
  return all.filter(({ peer }) => only.includes(peer));
}

async function compare() {
  /** @type {Partial<Record<Peer, Record<string, Measured>>>} */
  const measured = {};
  for (const { peer, way, program, args } of await ways()) {
    const [script = "", ...rest] = args;
    /** @type {Measured} */
    const result = JSON.parse(await lastLine(program, [join(here, script), ...rest]));
    say(
      `${peer}, ${way}: step ${result.step_s.toFixed(1)} s, update ${result.update_s.toFixed(1)} s, peak ${result.peak_mb.toFixed(0)} MB, CPU ${result.step_cpu_s.toFixed(1)} s, of it update ${result.update_cpu_s.toFixed(1)} s`,
    );
    measured[peer] = { ...measured[peer], [way]: result };
  }
  const best = Object.entries(measured).map(([peer, byWay]) => {
    const [way, result] = Object.entries(byWay).reduce((a, b) => (b[1].step_s < a[1].step_s ? b : a));
    return { peer, way, result };
  });
  const column = (/** @type {"step_s" | "update_s" | "peak_mb" | "step_cpu_s" | "update_cpu_s"} */ key) =>
    Object.fromEntries(best.map(({ peer, result }) => [peer, Math.round(result[key] * 100) / 100]));
  return {
    model: values.model,
    work: { prompt_tokens: promptTokens, completions: 8, completion_tokens: 64, lora_rank: 16 },
    step_s: column("step_s"),
    update_s: column("update_s"),
    peak_mb: column("peak_mb"),
    step_cpu_s: column("step_cpu_s"), // of all threads: the usable comparison on a busy machine
    update_cpu_s: column("update_cpu_s"),
    fastest_way: Object.fromEntries(best.map(({ peer, way }) => [peer, way])),
    ways: measured,
  };
}

/** Playact only, one process per row: varies the trained tokens, then the group, then the turns. */
async function growth() {
  const tokens = [504, 1000, 2000, 4000, 8000].map((all) => [250, 8, 1, all / 8]);
  const groups = [1, 2, 4, 8, 16].map((group) => [250, group, 1, 64]);
  const turns = [1, 2, 4].map((count) => [250, 8, count, 64]);
  const rows = [];
  for (const [series, sizes] of Object.entries({ tokens, groups, turns })) {
    for (const size of sizes) {
      const [dtype = "float32"] = await dtypes();
      const row = JSON.parse(await lastLine(ourPython, [join(here, "growth.py"), model, dtype, ...size.map(String)]));
      say(`${series}: ${JSON.stringify(row)}`);
      rows.push({ series, ...row });
    }
  }
  return { growth: rows };
}

await build(say);
const report = values.growth ? await growth() : await compare();
process.stdout.write(`${JSON.stringify(report, null, values.json ? 0 : 2)}\n`);
