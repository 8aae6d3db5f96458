import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { configSchema } from "../../src/config/config.ts";
import { recordFailure } from "../../src/store/failures.ts";
import { acquireLease, assertWriting, heartbeat, liveHolder, processStart, releaseLease } from "../../src/store/lease.ts";
import { createRun, setRunStatus } from "../../src/store/runs.ts";
import { closeStep, openStep, openStepOf } from "../../src/store/steps.ts";
import { saveTask } from "../../src/store/tasks.ts";
import { saveTrajectory } from "../../src/store/trajectories.ts";
import { exampleTask, exampleTrajectory, newWriter, temporaryStore } from "./temporary.ts";

/** A process of another program; it ends with its stdin. */
function otherProcess() {
  const child = spawn(process.execPath, ["-e", "process.stdin.resume()"], { stdio: ["pipe", "ignore", "inherit"] });
  if (child.pid === undefined) throw new Error("no child process");
  return { child, pid: child.pid };
}

describe("the lease of a run", () => {
  it("rejects a second writer while the first one's process is alive, and names it", async () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    const run = createRun(store, { preset: "tiny", config: configSchema.parse({}), versions: {} });
    const { child, pid } = otherProcess();
    acquireLease(store, run, { pid, token: "first" });
    expect(() => acquireLease(store, run, { pid: process.pid, token: "second" })).toThrow(`process ${pid}`);
    expect(liveHolder(store, run)?.pid).toBe(pid);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(liveHolder(store, run)).toBeNull();
    const writer = acquireLease(store, run, { pid: process.pid, token: "second" });
    expect(liveHolder(store, run)?.pid).toBe(process.pid);
    heartbeat(writer);
  });

  it("is not held by a later process that got the same pid", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    temporary.store.database.prepare("UPDATE lease SET process_start = 'an older boot:1'").run();
    expect(liveHolder(temporary.store, writer.run)).toBeNull();
    acquireLease(temporary.store, writer.run, { pid: process.pid, token: "new" });
  });

  it("of a holder that cannot be looked up is valid for 30 s after its heartbeat", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    const beat = (seconds: number) =>
      temporary.store.database
        .prepare("UPDATE lease SET host = 'elsewhere', heartbeat_at = ?")
        .run(new Date(Date.now() - seconds * 1000).toISOString());
    beat(10);
    expect(() => acquireLease(temporary.store, writer.run, { pid: 1, token: "new" })).toThrow("elsewhere");
    beat(-3600); // its clock was an hour ahead, or ours jumped back
    expect(liveHolder(temporary.store, writer.run)).toBeNull();
    beat(31);
    acquireLease(temporary.store, writer.run, { pid: 1, token: "new" });
  });

  it("is not taken from a process of another pid namespace, which cannot be looked up here", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    const ours = processStart(process.pid) ?? "";
    const [boot = "", space = ""] = ours.split(":");
    const holder = (start: string, pid: number) =>
      temporary.store.database.prepare("UPDATE lease SET process_start = ?, pid = ?").run(start, pid);
    const nobody = 2 ** 30;
    if (ours !== "") expect(temporary.store.database.prepare("SELECT process_start FROM lease").pluck().get()).toBe(ours);
    holder(`${boot}:1${space}:77`, nobody);
    expect(liveHolder(temporary.store, writer.run)?.pid).toBe(nobody);
    expect(() => acquireLease(temporary.store, writer.run, { pid: process.pid, token: "new" })).toThrow(`process ${nobody}`);
    holder(`${boot}:${space}:77`, nobody); // of ours: it is gone
    if (ours !== "") expect(liveHolder(temporary.store, writer.run)).toBeNull();
  });

  it("fences a left-over writer: each of its writes is rejected and changes nothing", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    const old = newWriter(store);
    openStep(old, 1, { level: 1, policyVersion: 0 });
    saveTask(old, { step: 1, purpose: "train", index: 0 }, exampleTask());
    releaseLease(old);
    const fresh = acquireLease(store, old.run, { pid: process.pid, token: "fresh" });
    const place = { step: 1, purpose: "train", task: 0 } as const;
    const closing = { nextLevel: 1, nextPolicyVersion: 1, metrics: {}, checkpoint: null };
    const failure = { boundary: "task", code: "error", text: "no" };
    for (const attempt of [
      () => assertWriting(old),
      () => saveTask(old, { ...place, index: 1 }, exampleTask()),
      () => saveTrajectory(old, place, exampleTrajectory()),
      () => closeStep(old, 1, closing),
      () => setRunStatus(old, "finished"),
      () => recordFailure(old, 1, failure),
    ]) {
      expect(attempt).toThrow(/no longer writes run tiny-1/);
    }
    for (const [table, rows] of [
      ["task", 1],
      ["trajectory", 0],
      ["message", 0],
      ["failure", 0],
    ]) {
      expect(store.database.prepare(`SELECT count(*) FROM ${table}`).pluck().get()).toBe(rows);
    }
    expect(openStepOf(store, old.run)?.number).toBe(1);
    const beats = () => store.database.prepare("SELECT token, heartbeat_at FROM lease").all();
    const before = beats();
    heartbeat(old); // says nothing: it is a timer's, and the next commit tells
    expect(beats()).toEqual(before);
    releaseLease(old); // a late goodbye must not take the new holder's lease away
    saveTrajectory(fresh, place, exampleTrajectory());
  });

  it("distinguishes a process that ended from a running one", () => {
    expect(processStart(process.pid) === null).toBe(process.platform !== "linux");
    expect(processStart(2 ** 30)).toBeNull();
  });
});
