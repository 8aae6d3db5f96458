// The child process of `playact sql`: reads one query as JSON from stdin, answers on stdout, ends. Its parent kills it at the time
// limit. A thread in this process kills it at the memory limit (SQLite is built without the statistics that its heap limits
// need), and after the time limit if the parent is gone: the main thread may be blocked in SQLite.
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { describe } from "../errors.ts";
import { type Query, type QueryResult, runQuery } from "../store/console.ts";

/** What the parent writes. */
export interface SqlRequest extends Query {
  /** When this process ends itself, in milliseconds from its start; later than the parent's own limit. */
  readonly lifetime: number;
  /** Resident bytes above which it ends itself. */
  readonly memory: number;
}

/** What the parent reads. */
export type SqlReply = QueryResult | { readonly error: string };

const watch = `
const { lifetime, memory } = require("node:worker_threads").workerData;
const end = performance.now() + lifetime;
setInterval(() => {
  if (performance.now() > end || process.memoryUsage.rss() > memory) process.kill(process.pid, "SIGKILL");
}, 20);
`;

function main(): void {
  // written by our own parent (cli/sql.ts)
  const request = JSON.parse(readFileSync(0, "utf8")) as SqlRequest;
  new Worker(watch, { eval: true, workerData: request }).unref();
  process.stdout.write(JSON.stringify(reply(request)));
}

function reply(request: SqlRequest): SqlReply {
  try {
    return runQuery(request);
  } catch (thrown) {
    return { error: describe(thrown) };
  }
}

main();
