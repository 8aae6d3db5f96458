// Runs Python and pip to their end, for the environments that are made here: the learner's (environment.ts) and BFCL's (bfcl.ts).
import { spawn } from "node:child_process";
import { pythonStart } from "./python.ts";

/** Receives each line that a program writes. */
export type Say = (text: string) => void;

export interface ProgramEnd {
  readonly code: number;
  readonly output: string;
}

/** `pip install` of the environment of this interpreter. */
export function pip(interpreter: string, args: readonly string[], say: Say): Promise<ProgramEnd> {
  const options = ["--disable-pip-version-check", "--no-input", "--retries=2", "--progress-bar=off"];
  return python(interpreter, ["-m", "pip", "install", ...options, ...args], say);
}

/** Why pip failed, as the start of a sentence that ends with what to do. */
export function pipReason(output: string): string {
  return /Failed to establish a new connection|NameResolutionError|Max retries exceeded|Connection(Reset|Refused)/.test(output)
    ? "pip cannot reach its package index. Check the network (or pip's proxy settings)"
    : "pip install failed; its last lines are above. Fix that";
}

export function python(path: string, args: readonly string[], say?: Say): Promise<ProgramEnd> {
  return execute(path, [...pythonStart.flags, ...args], say);
}

/** Runs a program to its end; code 127 if it cannot be started. */
export function execute(program: string, args: readonly string[], say: Say = () => {}): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: pythonStart.cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const take = (chunk: string) => {
      output += chunk;
      const line = chunk.trim().split("\n").at(-1);
      if (line) say(line);
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    child.once("error", (error) => resolve({ code: 127, output: error.message }));
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
