// Not a test: the program that answers.test.ts starts and kills. Its world is drawn anew for every question; it asks the memory
// of a run for ever, four at once, and says each answer on stdout as soon as it is given.
// usage: node answer-giver.mjs <built sources> <database> <task as JSON>
import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";

const [sources, path, taskText] = process.argv.slice(2);
const { openStore } = await import(`${sources}/store/store.js`);
const { findRun } = await import(`${sources}/store/runs.js`);
const { acquireLease } = await import(`${sources}/store/lease.js`);
const { memoryOf } = await import(`${sources}/run/memory.js`);

const store = openStore(path);
const run = findRun(store, null);
const writer = acquireLease(store, run, { pid: process.pid, token: randomUUID() });
const { signal } = new AbortController();
const memory = memoryOf({ simulator: { memory: true }, tasks: { source: null } }, { writer, signal, progress: () => undefined });
const task = JSON.parse(taskText);

for (let at = 0; ; at++) {
  const city = `town ${at % 90}`;
  const call = { name: "forecast", arguments: { city } };
  const make = async () => {
    const result = { celsius: randomUUID() };
    return { ok: true, text: JSON.stringify(result), reward: 0, fact: { ...call, result } };
  };
  const ask = async () => writeSync(1, `${city} = ${(await memory.answer(task, call, [], make)).text}\n`);
  await Promise.all([ask(), ask(), ask(), ask()]);
}
