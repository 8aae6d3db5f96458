// `playact sql`: one read-only query on the store. It runs in a child process because nothing else can stop SQLite here:
// better-sqlite3 has no progress handler, and ending a worker thread waits for its current native call.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { describe, PlayactError } from "../errors.ts";
import { type Cell, cellJson, type QueryResult } from "../store/console.ts";
import { resolveHome, storePath } from "../store/home.ts";
import { openStore } from "../store/store.ts";
import type { Json } from "../types.ts";
import { atLeastOne } from "./options.ts";
import { formatTable, homeHelp, type Print, printJson, toStderr, toStdout } from "./output.ts";
import type { SqlReply, SqlRequest } from "./sql-child.ts";

export interface QueryLimits {
  /** Most rows; the rest is cut, with a message on stderr. */
  readonly rows: number;
  /** Seconds until the child is killed. */
  readonly seconds: number;
  /** Mebibytes of resident memory at which the child is killed. */
  readonly memory: number;
}

const mostBytes = 64 * 1024 * 1024; // of an answer
const mostSeconds = 86_400; // a day; far below what a timer of Node can count to
const mostMemory = 768; // MiB; the largest answer takes about half of that

// node runs the built file; sources under a test runner find it in dist
const builtChild = import.meta.url.endsWith(".ts") ? "../../dist/cli/sql-child.js" : "./sql-child.js";
const childProgram = fileURLToPath(new URL(builtChild, import.meta.url));

/** The command; `print` receives its data, `program` is the child's file. */
export function sqlCommand(print: Print = toStdout, program: string = childProgram): Command {
  return new Command("sql")
    .description("run one read-only query on the store (start with: select * from step_summary)")
    .argument("<query>", "a SELECT; views: step_summary, trajectory_summary, evaluation_summary, transcript ...")
    .option("--home <folder>", homeHelp)
    .option("--json", "print a JSON array of objects; BLOBs as base64")
    .option("--limit <rows>", "most rows", atLeastOne(), 10_000)
    .option("--timeout <seconds>", "longest time a query may take", seconds, 2)
    .action(async (sql: string, options: { home?: string; json?: boolean; limit: number; timeout: number }) => {
      const path = storePath(resolveHome(options.home));
      openStore(path, { readonly: true })[Symbol.dispose](); // a missing or foreign store gets its own message, different from bad SQL
      const answer = await query(path, sql, { rows: options.limit, seconds: options.timeout, memory: mostMemory }, program);
      if (options.json)
        printJson(
          print,
          answer.rows.map((row) => toObject(answer.columns, row)),
        );
      else
        print(
          formatTable(
            answer.columns,
            answer.rows.map((row) => row.map(toText)),
          ),
        );
      if (answer.cut === "rows") toStderr(`Cut after ${answer.rows.length} rows; a higher --limit shows more.\n`);
      if (answer.cut === "bytes")
        toStderr(`Cut after ${answer.rows.length} rows: the answer is over 64 MiB. Select less at once.\n`);
    });
}

/**
 * Runs one query in a child process. Throws PlayactError: "usage" for SQL that is refused or wrong, "store" or "memory" if it took
 * too much time or memory and was killed, "environment" if the child cannot be started.
 */
export async function query(
  path: string,
  sql: string,
  limits: QueryLimits,
  program: string = childProgram,
): Promise<QueryResult> {
  const milliseconds = limits.seconds * 1000;
  const request: SqlRequest = {
    path,
    sql,
    rows: limits.rows,
    bytes: mostBytes,
    lifetime: milliseconds + 1000,
    memory: limits.memory * 1024 * 1024,
  };
  const { output, errors, end } = await runChild(program, JSON.stringify(request), milliseconds);
  if (end === "time") {
    throw new PlayactError(
      "store",
      `The query took more than ${limits.seconds} s and was stopped. Narrow it, or allow more with --timeout.`,
    );
  }
  if (end === "memory") {
    throw new PlayactError("memory", `The query needed more than ${limits.memory} MiB and was stopped. Select less at once.`);
  }
  if (output === "")
    throw new PlayactError("environment", `The query's process ended without an answer: ${errors.trim().slice(-500)}`);
  const reply = JSON.parse(output) as SqlReply; // written by our own child (cli/sql-child.ts)
  if ("error" in reply) throw new PlayactError("usage", reply.error);
  return reply;
}

interface Ended {
  readonly output: string;
  readonly errors: string;
  /** The limit that killed it, or null. */
  readonly end: "time" | "memory" | null;
}

/** Runs the child to its end, or kills it; returns what it printed. */
function runChild(program: string, input: string, milliseconds: number): Promise<Ended> {
  // no environment: the child needs none of it, especially no secrets
  const child = spawn(process.execPath, [program], { stdio: "pipe", env: {}, windowsHide: true });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, milliseconds);
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  child.stdin.on("error", () => undefined); // a child that ended early gives the reason on stderr
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on("error", (cause) => {
      clearTimeout(timer);
      reject(new PlayactError("environment", `Cannot start the query's process: ${describe(cause)}`, { cause }));
    });
    child.on("close", (_code, signal) => {
      clearTimeout(timer);
      const end = timedOut ? "time" : signal === "SIGKILL" ? "memory" : null;
      resolve({ output: Buffer.concat(output).toString(), errors: Buffer.concat(errors).toString(), end });
    });
  });
}

function toText(cell: Cell): string | number | null {
  return typeof cell === "object" && cell !== null ? `<${Buffer.byteLength(cell.blob, "base64")} bytes>` : cell;
}

/** Columns of the same name get :1, :2 ... so that none is lost. */
function toObject(columns: readonly string[], row: readonly Cell[]): { [key: string]: Json } {
  const values = new Map<string, Json>(); // a column may be called __proto__
  for (const [index, cell] of row.entries()) {
    const name = columns[index] ?? "";
    let key = name;
    for (let n = 1; values.has(key); n++) key = `${name}:${n}`;
    values.set(key, cellJson(cell));
  }
  return Object.fromEntries(values);
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= mostSeconds))
    throw new InvalidArgumentError(`A number above 0 was expected, ${mostSeconds} (a day) at most.`);
  return value;
}
