// A commit waits for temporary obstacles; it throws every other error, and the obstacle when the wait is aborted.
import { setTimeout as wait } from "node:timers/promises";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { PlayactError } from "../../src/errors.ts";
import { type Committing, commit } from "../../src/run/commit.ts";
import { heartbeat } from "../../src/store/lease.ts";
import { openStep } from "../../src/store/steps.ts";
import { openStore } from "../../src/store/store.ts";
import { loadTasks, saveTask } from "../../src/store/tasks.ts";
import { exampleTask, newWriter, temporaryStore } from "../store/temporary.ts";

/** A run whose store is opened as the worker opens it. */
function open() {
  const temporary = temporaryStore();
  const writer = { ...newWriter(temporary.store), store: openStore(temporary.path, { busySeconds: 0.1 }) };
  openStep(writer, 0, { level: 1, policyVersion: 0 });
  const told: string[] = [];
  const stop = new AbortController();
  const run: Committing = {
    writer,
    signal: stop.signal,
    progress: (event) => void ("text" in event && told.push(event.text)),
  };
  const place = { step: 0, purpose: "demonstration" } as const;
  const task = exampleTask({ intent: "x".repeat(100_000) });
  const save = (index: number) => commit(run, () => saveTask(writer, { ...place, index }, task));
  const stored = () => [...loadTasks(writer.store, writer.run, 0, "demonstration").keys()];
  const dispose = () => {
    writer.store[Symbol.dispose]();
    temporary[Symbol.dispose]();
  };
  return { path: temporary.path, writer, told, stop, run, save, stored, [Symbol.dispose]: dispose };
}

describe("a store that another program has locked", () => {
  test("is waited for longer than one busy timeout, while other work continues and the heartbeat throws nothing", async () => {
    using opened = open();
    const other = new Database(opened.path);
    other.exec("BEGIN IMMEDIATE");
    let ticks = 0;
    const beat = setInterval(() => {
      heartbeat(opened.writer); // an error of a timer would end the process
      ticks++;
    }, 200);
    const saving = Promise.all([opened.save(0), opened.save(1)]);
    while (opened.told.length === 0) await wait(100); // the first busy timeout has passed
    const before = ticks;
    while (ticks === before) await wait(100);
    expect(opened.stored()).toEqual([]);
    expect(opened.told).toHaveLength(1);
    expect(opened.told[0]).toMatch(/another program has locked .*playact\.db\. Close it\. The run waits/);
    other.exec("ROLLBACK");
    other.close();
    await saving;
    clearInterval(beat);
    expect(opened.stored()).toEqual([0, 1]);
    expect(opened.told.at(-1)).toContain("the run continues");
  });
});

describe("a full disk", () => {
  /** SQLite then behaves as on one. */
  const fill = ({ writer }: ReturnType<typeof open>) =>
    writer.store.database.pragma(`max_page_count = ${writer.store.database.pragma("page_count", { simple: true })}`);

  test("pauses the run, which reports the free bytes once and continues in order when there is room", async () => {
    using opened = open();
    fill(opened);
    const saving = [0, 1, 2].map((index) => opened.save(index));
    while (opened.told.length === 0) await wait(50);
    expect(opened.stored()).toEqual([]);
    expect(opened.told).toHaveLength(1);
    expect(opened.told[0]).toMatch(/the disk is full\..* [1-9]\d* bytes are free there\. The run waits/);
    opened.writer.store.database.pragma("max_page_count = 1000000");
    await Promise.all(saving);
    expect(opened.stored()).toEqual([0, 1, 2]);
    expect(opened.told).toHaveLength(2);
  });

  test("is the error when the wait is aborted", async () => {
    using opened = open();
    fill(opened);
    const saving = opened.save(0);
    setTimeout(() => opened.stop.abort(), 100);
    await expect(saving).rejects.toMatchObject({ boundary: "disk", message: expect.stringContaining("the disk is full") });
  });
});

test("any other error is thrown at once and delays no other commit", async () => {
  using opened = open();
  await opened.save(0);
  await expect(opened.save(0)).rejects.toMatchObject({ boundary: "store" });
  const fault = new PlayactError("disk", "no room", { cause: new Error("another") });
  await expect(commit(opened.run, () => Promise.reject(fault))).rejects.toBe(fault);
  await opened.save(1);
  expect(opened.told).toEqual([]);
});
