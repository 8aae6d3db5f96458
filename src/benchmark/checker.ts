// BFCL's own checker, a child in Python (native/bfcl/check.py): a line of JSON a row, answered in order.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { PlayactError } from "../errors.ts";
import { pythonStart } from "../models/python.ts";
import type { Json } from "../types.ts";

/** What the checker is asked: the functions as the row has them. */
export interface CheckRequest {
  readonly category: string;
  readonly functions: Json;
  /** A JSON text, as the row has it. */
  readonly answer: string;
  /** A JSON text: [{"name": arguments}]. */
  readonly calls: string;
}

const checked = z.object({ right: z.boolean(), error: z.string().optional(), detail: z.string().optional() });
const hello = z.object({ version: z.string(), data: z.string() });

/** `error` is the checker's error_type, e.g. "value_error:string". */
export type CheckerAnswer = z.output<typeof checked>;

export interface Checker extends AsyncDisposable {
  /** Folder of the rows. */
  readonly data: string;
  readonly version: string;
  check(request: CheckRequest): Promise<CheckerAnswer>;
}

/** Starts the checker. @throws PlayactError("environment") if it does not answer */
export async function openChecker(python: string): Promise<Checker> {
  const child = spawn(python, [...pythonStart.flags, join(pythonStart.cwd, "bfcl", "check.py")], {
    cwd: pythonStart.cwd,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const waiting: { resolve: (line: string) => void; reject: (reason: Error) => void }[] = [];
  let errors = "";
  let ended: PlayactError | null = null;
  const end = (why: string) => {
    const last = errors.trim().split("\n").at(-1) ?? "";
    ended ??= new PlayactError("environment", `BFCL's checker (${python}) ended: ${last || why}. Repeat the command.`);
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  child.once("error", (error) => end(error.message));
  child.once("close", (code) => end(`exit code ${code}`));
  child.stdin.on("error", () => undefined); // its end is reported above
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.resolve(line));
  const next = () =>
    new Promise<string>((resolve, reject) => {
      if (ended === null) waiting.push({ resolve, reject });
      else reject(ended);
    });

  const { data, version } = hello.parse(JSON.parse(await next()));
  return {
    data,
    version,
    async check({ category, functions, answer, calls }) {
      const answered = next();
      // both texts are passed as they are written: a parsed 5.0 would come out as 5, which the checker takes for an integer
      child.stdin.write(`${JSON.stringify({ category, functions }).slice(0, -1)},"answer":${answer},"calls":${calls}}\n`);
      return checked.parse(JSON.parse(await answered));
    },
    async [Symbol.asyncDispose]() {
      if (ended !== null) return;
      const closed = once(child, "close");
      child.stdin.end();
      await closed;
    },
  };
}
