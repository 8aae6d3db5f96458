// The loop that makes a task set, with a stand-in for the maker of tasks: every persona comes to its end once, whatever happens.
import { spawn } from "node:child_process";
import { once } from "node:events";

import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { Stopped } from "../src/errors.ts";
import { draws } from "../src/rng.ts";
import { openStore, type Store } from "../src/store/store.ts";
import { findTaskSet, openPlaces, tasksOf } from "../src/store/task-sets.ts";
import { synthesize } from "../src/synthesize.ts";
import { exampleTask, temporaryStore } from "./store/temporary.ts";
import { buildSources } from "./support/built.ts";
import { newTaskSet, standIn, synthesisOf } from "./support/synthesis.ts";

const rows = (store: Store, sql: string) => store.database.prepare(sql).raw().all();

describe("a synthesis", () => {
  test("keeps the task of each persona, or why there is none, with what every stage has cost", async () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    const set = newTaskSet(store, 6);
    await synthesize(
      synthesisOf(
        store,
        set,
        standIn(() => undefined),
      ),
      6,
    );
    expect(tasksOf(store, set).map(({ position, persona, task }) => [position, persona, task.id])).toEqual([
      [0, "p0", "lessons-0"],
      [1, "p1", "lessons-1"],
      [3, "p3", "lessons-3"],
      [4, "p4", "lessons-4"],
    ]);
    expect(openPlaces(store, set, 6)).toEqual([]);
    expect(rows(store, "SELECT stage, dropped, personas FROM synthesis_summary WHERE dropped IS NOT NULL")).toEqual([
      ["check", "distractor_serves", 2],
    ]);
    const [asked] = rows(store, "SELECT sum(tokens_in > 0 AND tokens_out > 0), sum(seconds >= 0) FROM synthesis");
    expect(asked).toEqual([4 * 5 + 2 * 3, 6 * 1 + 4 * 6 + 2 * 3]); // the first and the last stage ask nothing
  });

  test("does what was asked of it and no more: the first personas now, the others later", async () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    const set = newTaskSet(store, 4);
    const made: string[] = [];
    const synthesis = synthesisOf(
      store,
      set,
      standIn((position, stage) => made.push(`${position} ${stage}`)),
    );
    await synthesize(synthesis, 2);
    expect(openPlaces(store, set, 4).map(({ position, persona }) => [position, persona.text])).toEqual([
      [2, "the warden of hut 2"],
      [3, "the warden of hut 3"],
    ]);
    await synthesize(synthesis, 4);
    expect(new Set(made).size).toBe(made.length);
    expect(tasksOf(store, set)).toHaveLength(3);
  });

  test("that is asked to stop finishes the personas it has begun and goes on later from there", async () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    const set = newTaskSet(store, 9);
    const made: string[] = [];
    let asked = false;
    const synthesis = synthesisOf(
      store,
      set,
      standIn((position, stage) => {
        made.push(`${position} ${stage}`);
        asked ||= position === 1;
      }),
    );
    const pause = () => {
      if (asked) throw new Stopped();
    };
    await expect(synthesize({ ...synthesis, pause }, 9)).rejects.toThrow(Stopped);
    expect(openPlaces(store, set, 9).map(({ position, done }) => [position, done.size])).toEqual(
      [2, 3, 4, 5, 6, 7, 8].map((position) => [position, 0]),
    );
    await synthesize(synthesis, 9);
    expect(new Set(made).size).toBe(made.length);
  });

  test("stops with its own words if another process makes the same set", async () => {
    using temporary = temporaryStore();
    using other = openStore(temporary.path);
    const set = newTaskSet(temporary.store, 2);
    const [one, two] = [temporary.store, other].map((store) =>
      synthesize(
        synthesisOf(
          store,
          set,
          standIn(() => undefined),
        ),
        2,
      ),
    );
    const ends = await Promise.allSettled([one, two]);
    const failed = ends.flatMap((end) => (end.status === "rejected" ? [String(end.reason)] : []));
    expect(failed).toEqual([expect.stringMatching(/Persona \d of the task set lessons has been made by another process/)]);
  });
});

/** Starts the program, kills it when it has said so many lines and a moment more, and returns what it said. */
async function makeAndKill(sources: string, path: string, lines: number, microseconds: number): Promise<string[]> {
  const program = fileURLToPath(new URL("synthesize-writer.mjs", import.meta.url));
  const child = spawn(process.execPath, [program, sources, path, JSON.stringify(exampleTask())], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: string[] = [];
  const heard = createInterface(child.stdout);
  heard.on("line", (line) => {
    said.push(line);
    if (said.length !== lines) return;
    const until = process.hrtime.bigint() + BigInt(microseconds * 1000);
    while (process.hrtime.bigint() < until); // shorter than any timer; it works on meanwhile
    child.kill("SIGKILL");
  });
  await Promise.all([once(child, "close"), once(heard, "close")]);
  return said;
}

test("killed at 20 random moments it makes no persona twice, loses no stage that it had, and comes to its end", async () => {
  using built = buildSources();
  using temporary = temporaryStore();
  const personas = 150;
  newTaskSet(temporary.store, personas);
  const random = draws("synthesis crash");
  const made: string[] = [];
  for (let kill = 0; kill <= 20; kill++) {
    const lines = kill < 20 ? random.integer(1, 40) : Number.POSITIVE_INFINITY; // the last one may live
    const said = await makeAndKill(built.path(""), temporary.path, lines, random.integer(0, 3000));
    expect(said.length).toBeGreaterThan(0);
    using store = openStore(temporary.path);
    expect(store.database.pragma("integrity_check", { simple: true })).toBe("ok");
    const stored = new Set(rows(store, "SELECT position || ' ' || stage FROM synthesis").flat());
    expect(said.filter((stage) => !stored.has(stage))).toEqual([]);
    made.push(...said);
  }
  expect(new Set(made).size).toBe(made.length); // nothing was made again that was stored
  const set = findTaskSet(temporary.store, "lessons");
  expect(openPlaces(temporary.store, set, personas)).toEqual([]);
  expect(tasksOf(temporary.store, set)).toHaveLength(personas - personas / 3);
  expect(rows(temporary.store, "SELECT count(*) FROM synthesis WHERE stage = 'persona'")).toEqual([[personas]]);
});
