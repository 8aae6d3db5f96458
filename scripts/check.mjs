// `npm run check`: types, lint, tests of both languages. Prints what fails; the last line is the number passed and failed,
// where each static check counts as one.
//   node scripts/check.mjs [vitest filter …]
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execute, root } from "./setup/step.mjs";
import { pytestTally, vitestTally } from "./tally.mjs";

/** @typedef {import("./tally.mjs").Tally} Tally */

const bin = (/** @type {string} */ name) => join(root, "node_modules", ".bin", name);
const python = process.env.PLAYACT_PYTHON || join(root, ".venv", "bin", "python");

/**
 * Runs a program that passes with exit code 0. Its output is printed only if it fails.
 * @param {string} title
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {Promise<Tally>}
 */
async function staticCheck(title, program, args) {
  const start = performance.now();
  const { code, output } = await execute(program, args);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stdout.write(`  ${code === 0 ? "ok" : "!!"}  ${title}  ${seconds} s\n`);
  if (code !== 0) process.stdout.write(`${output.trimEnd()}\n`);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/**
 * Runs a test program; `count` reads its tally. Its output is shown as it comes (`live`) or at the end.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {(output: string) => Tally} count
 * @param {boolean} live
 * @returns {Promise<Tally>}
 */
function suite(program, args, count, live) {
  return new Promise((resolve) => {
    const env = process.stdout.isTTY ? process.env : { ...process.env, NO_COLOR: "1" }; // no colours in a log
    const child = spawn(program, args, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
      if (live) process.stdout.write(chunk);
    });
    child.once("error", () => resolve({ passed: 0, failed: 1 }));
    child.once("close", (code) => {
      if (!live) process.stdout.write(output);
      const { passed, failed } = count(output);
      // A suite that fails without a failed test (a file that does not load, no test found) also counts as a failure.
      resolve({ passed, failed: code === 0 ? failed : Math.max(failed, 1) });
    });
  });
}

/** @param {readonly string[]} filters */
async function vitest(filters) {
  const folder = mkdtempSync(join(tmpdir(), "playact-check-"));
  const report = join(folder, "vitest.json");
  try {
    const reporters = ["--reporter=dot", "--reporter=json", `--outputFile.json=${report}`];
    return await suite(bin("vitest"), ["run", ...reporters, ...filters], () => vitestTally(readFileSync(report, "utf8")), true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.env.PYTHONDONTWRITEBYTECODE = "1";

const start = performance.now();
const tallies = await Promise.all([
  staticCheck("types", bin("tsc"), ["-p", "tsconfig.check.json"]),
  staticCheck("biome", bin("biome"), ["check", "--error-on-warnings"]),
  staticCheck("docs", process.execPath, ["scripts/docs.mjs", "--check"]),
  staticCheck("ruff check", python, ["-m", "ruff", "check", "native"]),
  staticCheck("ruff format", python, ["-m", "ruff", "format", "--check", "native"]),
  staticCheck("mypy", python, [
    "-m",
    "mypy",
    "--config-file",
    "native/pyproject.toml",
    "native/trainer",
    "native/gpucheck",
    "native/fetch_model.py",
    "native/bfcl/check.py",
  ]),
]);
// in parallel: tests that start processes spend much of their time waiting
const pytest = ["-m", "pytest", "-c", "native/pyproject.toml", "--rootdir=native", "native/trainer", "native/gpucheck"];
tallies.push(...(await Promise.all([vitest(process.argv.slice(2)), suite(python, pytest, pytestTally, false)])));

const sum = (/** @type {keyof Tally} */ key) => tallies.reduce((total, tally) => total + tally[key], 0);
process.stdout.write(`\nchecked in ${((performance.now() - start) / 1000).toFixed(0)} s\n`);
process.stdout.write(`${sum("passed")} passed, ${sum("failed")} failed\n`);
process.exitCode = sum("failed") === 0 ? 0 : 1;
