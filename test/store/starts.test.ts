import Database from "better-sqlite3";
import { describe, expect, it, vi } from "vitest";
import { migrations } from "../../src/store/migrations.ts";
import { findRun } from "../../src/store/runs.ts";
import { servers, starts } from "../../src/store/schema.ts";
import { lastStart, recordStart, startOfTrajectory } from "../../src/store/starts.ts";
import { saveTask } from "../../src/store/tasks.ts";
import { saveTrajectory } from "../../src/store/trajectories.ts";
import { views } from "../../src/store/views.ts";
import {
  exampleDevices,
  exampleForm,
  exampleTask,
  exampleTrajectory,
  newWriter,
  processorOnly,
  temporaryStore,
} from "./temporary.ts";

/** A time that no two calls share, as between two starts. */
function at(second: number): void {
  vi.setSystemTime(new Date(Date.UTC(2027, 0, 1, 0, 0, second)));
}

describe("the starts of a run", () => {
  it("are all kept, and an episode belongs to the last one before it, whatever a later resume does", () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    const other = newWriter(temporary.store, "other");
    const episode = (phase: string) =>
      saveTrajectory(writer, { step: 0, purpose: "evaluation", phase, task: 0 }, exampleTrajectory());
    saveTask(writer, { step: 0, purpose: "evaluation", index: 0 }, exampleTask());
    at(0);
    const before = episode("older than the record");
    at(1);
    recordStart(writer, { ...processorOnly, versions: { playact: "0.1.0" } }, exampleForm);
    at(2);
    const first = episode("base");
    at(3);
    recordStart(other, { ...processorOnly, versions: {} }, exampleForm);
    recordStart(writer, { ...exampleDevices, versions: { playact: "0.2.0" } }, { dialect: "json-fence", markers: "pieces" });
    at(4);
    const second = episode("warmup");
    vi.useRealTimers();

    expect(findRun(temporary.store, writer.run.name).form).toEqual(exampleForm); // what the first start settled
    expect(lastStart(temporary.store, writer.run)).toEqual({
      ...exampleDevices,
      versions: { playact: "0.2.0" },
      at: "2027-01-01T00:00:03.000Z",
    });
    expect(startOfTrajectory(temporary.store, first)).toMatchObject({ ...processorOnly, versions: { playact: "0.1.0" } });
    expect(startOfTrajectory(temporary.store, second)).toMatchObject(exampleDevices);
    expect(lastStart(temporary.store, { id: 99 })).toBe(null);
    expect(startOfTrajectory(temporary.store, before)).toBe(null);
    const sql = "SELECT playact, torch, engine, learner, learner_dtype FROM start_summary WHERE run = 'tiny-1' ORDER BY at";
    expect(temporary.store.database.prepare(sql).raw().all()).toEqual([
      ["0.1.0", "2.13.0+cpu", "cpu", "cpu", "float32"],
      ["0.2.0", "2.13.0", "cuda (NVIDIA L4)", "cuda:0 (NVIDIA L4)", "bfloat16"],
    ]);
  });

  it("name the server that played the simulator, and the model as it names it", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    const simulator = { server: "http://host:8000/v1#qwen3-32b" };
    recordStart(writer, { ...processorOnly, simulator, versions: {} }, exampleForm);
    expect(lastStart(temporary.store, writer.run)).toMatchObject({ ...processorOnly, simulator });
    expect(temporary.store.database.prepare("SELECT simulator_server FROM start_summary").pluck().get()).toBe(simulator.server);
  });

  it("are missing in an older store, whose runs keep everything else", () => {
    const old = new Database(":memory:");
    for (const change of migrations.slice(0, migrations.indexOf(starts))) old.exec(change);
    old.exec("INSERT INTO run VALUES (1, 'r', 'tiny', '{}', '{\"playact\": \"0.1.0\"}', 'running', NULL, 't', NULL)");
    old.exec(starts);
    old.exec(servers);
    old.exec(views);
    expect(old.prepare("SELECT count(*) FROM start_summary").pluck().get()).toBe(0);
    expect(old.prepare("SELECT name, versions ->> '$.playact' FROM run").raw().all()).toEqual([["r", "0.1.0"]]);
    old.close();
  });
});
