// A store of the last release (test/fixtures/store-v7.sql) under this version: it opens, migrates and answers, and a run of
// it keeps the config that it was started with, or is rejected in a sentence that names what it would lose.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { type Config, configSchema } from "../../src/config/config.ts";
import { configKeys } from "../../src/config/resolve.ts";
import { overview } from "../../src/store/overview.ts";
import { findRun } from "../../src/store/runs.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { findEpisode } from "../../src/store/trajectories.ts";

const read = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), "utf8");
const dump = read("store-v7.sql");
const firstConfig: unknown = JSON.parse(read("first-config.json"));

/** The old store, with `change` (SQL) made to it while it is still old, opened by this version. */
function opened(change = ""): { readonly store: Store; readonly stored: ReadonlyMap<string, string> } & Disposable {
  const home = mkdtempSync(join(tmpdir(), "playact-old-"));
  const path = join(home, "playact.db");
  const database = new Database(path);
  database.exec(dump);
  database.exec(change);
  const rows = database.prepare<[], { name: string; config: string }>("SELECT name, config FROM run").all();
  database.close();
  const store = openStore(path);
  const dispose = () => {
    store[Symbol.dispose]();
    rmSync(home, { recursive: true });
  };
  return { store, stored: new Map(rows.map(({ name, config }) => [name, config])), [Symbol.dispose]: dispose };
}

const setting = (key: string, value: string, run = "plain") =>
  `UPDATE run SET config = json_set(config, '$.${key}', json('${value}')) WHERE name = '${run}';`;
const valueAt = (config: Config, key: string) =>
  key.split(".").reduce<unknown>((tree, part) => (tree as Record<string, unknown>)[part], config); // a key of configKeys()
const gone = [
  ["reward.overlongBuffer", "0", "64"],
  ["learner.lrSchedulerType", '"constant"', '"linear"'],
  ["learner.warmupSteps", "0", "3"],
  ["learner.optim", '"adamw_torch"', '"adamw_8bit"'],
  ["learner.klEstimator", '"k3"', '"k2"'],
  ["learner.entropyCoef", "0", "0.01"],
] as const;

/** Keys that the old store does not have, with the values that mean as before. */
const since = {
  trial: { turns: 0, phase: true, notes: true, world: "scratch", price: 0.02 },
  policy: { adapter: null, dialect: null, thinking: true },
  models: { teacher: null },
  simulator: { thinking: false, memory: false },
  synth: { tools: "assembled", solutions: 4, coverage: 0.5, tempted: 0.5 },
  engine: { residency: "together" },
  store: { exchanges: "none" },
  tasks: {
    parallel: 0,
    twins: false,
    source: null,
    gap: true,
    restricted: true,
    drift: 0,
    driftKinds: ["renamed", "options", "decoy"],
  },
  rollout: { guide: "off", stopAgreed: false, ends: "user" },
  reward: { shuffled: false, items: "rules", weights: { subGoals: 0.5, questions: 0.5 }, leastGoals: 0, gate: "any" },
  learner: { schedule: "constant" },
  advantage: { negative: 1 },
  evaluation: { decisions: 0, every: 1, perCell: 0, base: true, heldOutKinds: [] },
  warmup: { from: "blueprint", tries: 4 },
  memory: { gpu: null, host: null },
} as const;

test("the old store opens, and every view can be queried", () => {
  using old = opened();
  const { database } = old.store;
  const views = database.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'view'").pluck().all();
  expect(views.length).toBeGreaterThan(12);
  for (const view of views) expect(() => database.prepare(`SELECT * FROM "${view}"`).all(), view).not.toThrow();
  expect(database.prepare("SELECT count(*) FROM transcript").pluck().get()).toBeGreaterThan(20);
  expect(overview(old.store).map(({ run, of, note }) => [run, of, note])).toEqual([
    ["lap", 1, null],
    ["mixed", 1, null],
    ["plain", 1, null],
  ]);
});

test.each(["plain", "mixed", "lap"])("the run %s keeps the config it was started with, key by key", (name) => {
  using old = opened();
  const wanted = JSON.parse(old.stored.get(name) ?? "") as Record<string, Record<string, unknown>>; // Playact wrote it
  for (const [key, standing] of gone) {
    const [section = "", last = ""] = key.split(".");
    expect(wanted[section]?.[last]).toEqual(JSON.parse(standing));
    delete wanted[section]?.[last];
  }
  for (const [section, values] of Object.entries(since)) wanted[section] = { ...wanted[section], ...values };
  expect(findRun(old.store, name).config).toEqual(wanted);
});

test("a config of the first stores is completed with the values that mean as before, whatever the defaults are now", () => {
  using old = opened(`UPDATE run SET config = '${JSON.stringify(firstConfig)}' WHERE name = 'plain'`);
  const { config } = findRun(old.store, "plain");
  expect(config).toMatchObject(firstConfig as object); // the file is an object
  const before = {
    "tasks.direction": "calls-first",
    "tasks.novelty": null,
    "simulator.user": "chosen",
    "simulator.tools": "blueprint",
    "simulator.thinkTokens": 0,
    "advantage.returns": "outcome",
    "learner.lossType": "grpo",
    "learner.normalize": null,
    "rollout.temperatureControl.on": false,
    "rollout.turnSeconds": 600,
  };
  expect(Object.fromEntries(Object.keys(before).map((key) => [key, valueAt(config, key)]))).toEqual(before);
  expect(configKeys().filter((key) => valueAt(config, key) === undefined)).toEqual([]);
  expect(configSchema.parse({}).tasks.novelty).not.toBeNull();
});

describe("a run whose config uses a removed key or value", () => {
  const refusal = (store: Store) => {
    expect(() => findRun(store, "plain")).toThrow(/^Run plain cannot be resumed: /);
    try {
      return findRun(store, "plain") && "";
    } catch (error) {
      return String(error);
    }
  };

  test.each([...gone, ["reward.verdict", '"rules"', '"log-odds"'] as const])(
    "is rejected in a sentence with key and value: %s",
    (key, _, other) => {
      using old = opened(setting(key, other));
      const said = refusal(old.store);
      expect(said).toContain(`its config sets ${key} to ${other}, a `);
      expect(said).toContain("with the version of Playact that started it (0.1.0), or start a new run");
      expect(said.split("\n")).toHaveLength(1);
    },
  );

  test("can be listed, shown and queried as before, and its config is unchanged", () => {
    using old = opened(setting("learner.warmupSteps", "3") + setting("learner.optim", '"adamw_8bit"'));
    const [, , plain] = overview(old.store);
    expect(plain).toMatchObject({ run: "plain", status: "finished", steps: 1, of: 1, level: 7 });
    expect(plain?.note).toMatch(/^cannot be resumed: .*learner\.optim to "adamw_8bit".* and .*learner\.warmupSteps to 3/);
    expect(findEpisode(old.store, 7)).toMatchObject({ runName: "plain", step: 1 });
    const { database } = old.store;
    const asked = "SELECT config ->> '$.learner.warmupSteps' FROM run WHERE name = 'plain'";
    expect(database.prepare(asked).pluck().get()).toBe(3);
    expect(findRun(old.store, "lap").name).toBe("lap");
  });

  test("is rejected for deadGroups only if dead groups stayed without a KL term, or were dropped with one", () => {
    const dead = (klCoef: number, kept: string) => {
      using old = opened(setting("learner.klCoef", String(klCoef)) + setting("learner.deadGroups", `"${kept}"`));
      try {
        return findRun(old.store, "plain").name;
      } catch (error) {
        return String(error);
      }
    };
    expect([dead(0, "drop"), dead(0.001, "keep")]).toEqual(["plain", "plain"]);
    expect(dead(0.001, "drop")).toContain('sets learner.deadGroups to "drop"');
    expect(dead(0, "keep")).toContain('sets learner.deadGroups to "keep"');
  });
});

test("a config that lacks a key is not filled from today's defaults, but rejected", () => {
  using old = opened();
  old.store.database.exec("UPDATE run SET config = json_remove(config, '$.reward', '$.learner.rank') WHERE name = 'plain'");
  expect(() => findRun(old.store, "plain")).toThrow("its config lacks reward and lacks learner.rank");
});
