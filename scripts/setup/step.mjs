// One step of the set-up: says what it does and how long it took, runs programs, and fails with one sentence.
// Plain JavaScript on Node's built-ins, for it runs before anything is installed.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of package.json. */
export const root = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");

/** An expected failure: one sentence that names the mend, an exit code (4 environment, 5 disk), and what a program said. */
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
 * Runs one step. `work` returns false where there was nothing to do.
 * @param {string} title
 * @param {(say: (text: string) => void) => Promise<boolean>} work
 */
export async function step(title, work) {
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  let said = "";
  let heard = false;
  const paint = () => {
    if (process.stderr.isTTY)
      process.stderr.write(`\r\x1b[2K  …  ${title}  ${seconds()}  ${said}`.slice(0, (process.stderr.columns ?? 80) + 4));
  };
  const clear = () => {
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[2K");
  };
  const ticker = setInterval(paint, 250);
  try {
    const worked = await work((text) => {
      said = text;
      // Without a terminal each step says once that it has begun, so that a log never looks stuck.
      if (!process.stderr.isTTY && !heard) process.stderr.write(`  …  ${title}: ${text}\n`);
      heard = true;
    });
    clear();
    process.stderr.write(`  ok  ${title}  ${worked ? seconds() : "(already there)"}\n`);
  } catch (error) {
    clear();
    process.stderr.write(`  !!  ${title}  ${seconds()}\n`);
    throw error;
  } finally {
    clearInterval(ticker);
  }
}

/**
 * Runs a program and returns its exit code and everything it wrote. A program that cannot be started has code 127.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, say?: (text: string) => void }} [options] `say` gets each line as it comes
 * @returns {Promise<{ code: number, output: string }>}
 */
export function execute(program, args, { env = process.env, say = () => {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    /** @param {Buffer} chunk */
    const take = (chunk) => {
      output += chunk;
      const line = String(chunk).trim().split("\n").at(-1);
      if (line) say(line);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.once("error", (error) => resolve({ code: 127, output: error.message }));
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/**
 * Stops before a disk fills up in the middle of a step.
 * @param {number} bytes
 * @param {string} what
 */
export function needSpace(bytes, what) {
  const disk = statfsSync(root);
  const free = disk.bavail * disk.bsize;
  if (free >= bytes) return;
  const [needs, has] = [bytes, free].map((size) => `${(size / 1e9).toFixed(1)} GB`);
  throw new SetupError(`${what} need ${needs} in ${root}, ${has} are free. Make room, then: npm run setup`, { code: 5 });
}

/**
 * A failed program as one sentence; a full disk is told as such.
 * @param {string} message
 * @param {string} output
 */
export function failed(message, output) {
  if (/ENOSPC|No space left on device/.test(output)) {
    return new SetupError(`The disk is full (${root}). Make room, then: npm run setup`, { code: 5, output });
  }
  return new SetupError(message, { output });
}

/**
 * The stamp of some inputs; a step is done when its stamp file holds it.
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
