// A step that a clone needs before `playact setup` can run: npm's packages or the build. Prints what it does and how long it
// took, runs programs, and fails with one sentence. Plain JavaScript with Node's built-ins: nothing is installed yet.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder with package.json. */
export const root = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");

/** An expected failure: one sentence with what to do, an exit code (4 environment, 5 disk), and a program's output. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {{ code?: number, output?: string }} [detail]
   */
  constructor(message, { code = 4, output = "" } = {}) {
    super(message);
    this.name = "SetupError";
    this.code = code;
    this.output = output;
  }
}

/**
 * Runs one step. `work` returns false if there was nothing to do.
 * @param {string} title
 * @param {(say: (text: string) => void) => Promise<boolean>} work
 */
export async function step(title, work) {
  const start = performance.now();
  let end = "!!";
  let took = "";
  try {
    const worked = await work((text) => process.stderr.write(`  …  ${title}: ${text}\n`));
    end = "ok";
    took = worked ? `  ${((performance.now() - start) / 1000).toFixed(1)} s` : "  (already there)";
  } finally {
    process.stderr.write(`  ${end}  ${title}${took}\n`);
  }
}

/**
 * Runs a script's work: an expected failure prints the end of the program's output and one sentence, and sets the exit code.
 * @param {() => Promise<void>} work
 */
export async function script(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error; // an internal error keeps its stack
    if (error.output) process.stderr.write(`${error.output.trimEnd().split("\n").slice(-25).join("\n")}\n\n`);
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.code;
  }
}

/**
 * Runs a program and returns its exit code and output. A program that cannot be started has code 127.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<{ code: number, output: string }>}
 */
export function execute(program, args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
    child.once("error", (error) => resolve({ code: 127, output: error.message }));
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/**
 * The stamp of some inputs; a step is done if its stamp file contains it.
 * @param {readonly (string | Buffer)[]} inputs
 */
export function stampOf(inputs) {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(input).update("\0");
  return hash.digest("hex");
}

/**
 * @param {string} path
 * @param {string} stamp
 */
export function isStamped(path, stamp) {
  return existsSync(path) && readFileSync(path, "utf8") === stamp;
}

/**
 * @param {string} path
 * @param {string} stamp
 */
export function writeStamp(path, stamp) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, stamp);
}
