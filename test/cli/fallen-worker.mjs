// Not a test: the program that supervise.test.ts has supervised in the worker's place. It takes the run's lease as the worker
// does, on a system where a process cannot be looked up; the first one then dies as the test says, the next one ends well.
// usage: node fallen-worker.mjs worker --home HOME --token TOKEN --run RUN BUILT-SOURCES SIGNAL
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [, , home, , token, , , sources, signal] = process.argv.slice(2);
const { openStore } = await import(`${sources}/store/store.js`);
const { findRun } = await import(`${sources}/store/runs.js`);
const { acquireLease } = await import(`${sources}/store/lease.js`);

const store = openStore(join(home, "playact.db"));
acquireLease(store, findRun(store, null), { pid: process.pid, token });
store.database.prepare("UPDATE lease SET process_start = NULL").run();
const first = join(home, "first");
if (!existsSync(first)) {
  writeFileSync(first, "");
  process.kill(process.pid, signal);
  setInterval(() => {}, 1000); // until the signal is there
} else writeFileSync(join(home, "second"), "");
