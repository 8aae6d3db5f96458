import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { configSchema } from "../../src/config/config.ts";
import { PlayactError } from "../../src/errors.ts";
import { resolveHome, storePath } from "../../src/store/home.ts";
import { migrate, migrations, versionOf } from "../../src/store/migrations.ts";
import { createRun, findRun, listRuns, setRunConfig, setRunStatus } from "../../src/store/runs.ts";
import { blames, replies } from "../../src/store/schema.ts";
import { cells } from "../../src/store/schema-trials.ts";
import { openStep } from "../../src/store/steps.ts";
import { assertSqlite, openStore } from "../../src/store/store.ts";
import { loadTasks, saveTask } from "../../src/store/tasks.ts";
import { exampleTask, newWriter, temporaryStore } from "./temporary.ts";

function boundaryOf(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    return thrown instanceof PlayactError ? `${thrown.boundary}: ${thrown.message}` : String(thrown);
  }
  return "nothing was thrown";
}

describe("opening a store", () => {
  it("creates folder and file, and finds what was stored when it is opened again", () => {
    const folder = mkdtempSync(join(tmpdir(), "playact-open-"));
    const path = join(folder, "a", "b", "playact.db");
    {
      using store = openStore(path);
      newWriter(store, "kept");
      expect(store.database.pragma("journal_mode", { simple: true })).toBe("wal");
      expect(store.database.pragma("foreign_keys", { simple: true })).toBe(1);
      expect(store.database.pragma("trusted_schema", { simple: true })).toBe(0);
    }
    {
      using store = openStore(path, { readonly: true });
      expect(findRun(store, null).name).toBe("kept");
      expect(() => createRun(store, { preset: "x", config: configSchema.parse({}), versions: {} })).toThrow(PlayactError);
    }
    rmSync(folder, { recursive: true });
  });

  it("reports in one sentence what is wrong with a path", () => {
    const folder = mkdtempSync(join(tmpdir(), "playact-open-"));
    const file = join(folder, "notes.db");
    writeFileSync(file, "these are my notes and no database, though they are long enough to be read as a header".repeat(20));
    expect(boundaryOf(() => openStore(file))).toMatch(/^store: .*not a SQLite file/);
    expect(readFileSync(file, "utf8")).toMatch(/^these are my notes/);
    expect(boundaryOf(() => openStore(join(file, "home", "playact.db")))).toMatch(/^disk: Cannot write to .*notes.db.*--home/);
    expect(boundaryOf(() => openStore(folder))).toMatch(/^disk: /);
    expect(boundaryOf(() => openStore(join(folder, "none.db"), { readonly: true }))).toMatch(/^store: There is no store at/);
    const foreign = new Database(join(folder, "foreign.db"));
    foreign.exec("CREATE TABLE bookmark (url TEXT)");
    foreign.close();
    expect(boundaryOf(() => openStore(join(folder, "foreign.db")))).toMatch(/^store: .*not a Playact store/);
    rmSync(folder, { recursive: true });
  });

  it("on a full disk reports it, and works again once there is room", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    const pages = Number(temporary.store.database.pragma("page_count", { simple: true }));
    temporary.store.database.pragma(`max_page_count = ${pages}`); // SQLite then behaves as on a full disk
    openStep(writer, 0, { level: 1, policyVersion: 0 });
    const task = exampleTask({ intent: "x".repeat(100_000) });
    const save = () => saveTask(writer, { step: 0, purpose: "demonstration", index: 0 }, task);
    expect(boundaryOf(save)).toMatch(/^disk: .*the disk is full.*resume/);
    temporary.store.database.pragma("max_page_count = 1000000");
    save();
    expect(loadTasks(temporary.store, writer.run, 0, "demonstration").get(0)).toEqual(task);
  });

  it("rejects an SQLite that can lose commits", () => {
    expect(boundaryOf(() => assertSqlite("3.51.2"))).toMatch(/^environment: SQLite 3.51.3 or newer/);
    expect(boundaryOf(() => assertSqlite("3.9.99"))).toMatch(/^environment/);
    for (const good of ["3.51.3", "3.53.0", "4.0.0"]) assertSqlite(good);
  });
});

describe("migrations", () => {
  const change = "ALTER TABLE run ADD COLUMN colour TEXT";

  it("bring an older store up to date, keep its data, and leave a backup of it", () => {
    using temporary = temporaryStore();
    const { database } = temporary.store;
    newWriter(temporary.store, "kept");
    migrate(database, temporary.path, [...migrations, change]);
    expect(versionOf(database)).toBe(migrations.length + 1);
    expect(database.prepare("SELECT name, colour FROM run").raw().all()).toEqual([["kept", null]]);
    expect(database.prepare("SELECT * FROM step_summary").all()).toEqual([]);
    const backup = new Database(`${temporary.path}.v${migrations.length}.backup`, { readonly: true });
    expect(backup.prepare("SELECT name FROM run").pluck().all()).toEqual(["kept"]);
    expect(versionOf(backup)).toBe(migrations.length);
    backup.close();
  });

  it("leave no draft of a backup, neither their own nor that of a process that was killed; that of a live one stays", () => {
    using temporary = temporaryStore();
    const { home, path, store } = temporary;
    const backup = `${path}.v${migrations.length}.backup`;
    const [killed, living] = [2 ** 31 - 1, process.ppid];
    for (const left of [`${killed}.tmp`, `${killed}.tmp-journal`, `${living}.tmp`]) writeFileSync(`${backup}.${left}`, "half");
    const drafts = () => readdirSync(home).filter((name) => name.includes(".tmp"));
    mkdirSync(join(backup, "in the way"), { recursive: true });
    expect(() => migrate(store.database, path, [...migrations, change])).toThrow();
    rmSync(backup, { recursive: true });
    migrate(store.database, path, [...migrations, change]);
    expect(existsSync(backup)).toBe(true);
    expect(drafts()).toEqual([`playact.db.v${migrations.length}.backup.${living}.tmp`]);
  });

  it("give a store from before the cells of an evaluation the views that keep them apart", () => {
    using temporary = temporaryStore();
    const path = `${temporary.path}.old`;
    const old = new Database(path);
    migrate(old, path, migrations.slice(0, migrations.indexOf(cells)));
    old.exec("DROP VIEW held_out; CREATE VIEW held_out AS SELECT 1 AS step");
    old.close();
    using store = openStore(path);
    expect(store.database.prepare("SELECT cell FROM held_out").all()).toEqual([]);
  });

  it("leave older episodes without blame and counts; newer ones accept only a known party", () => {
    const old = new Database(":memory:");
    for (const change of migrations.slice(0, migrations.indexOf(blames))) old.exec(change);
    old.exec(`INSERT INTO run VALUES (1, 'r', 'tiny', '{}', '{}', 'running', NULL, 't', NULL);
      INSERT INTO task VALUES (1, 1, 0, 'evaluation', 0, 't', 'plain', 'd', 's', 1, '{}', NULL);
      INSERT INTO trajectory (id, task, sample, policy_version, seed, status, stop_reason, seconds, ended_at)
        VALUES (1, 1, 0, 0, 1, 'truncated', 'turn_length', 1, 't')`);
    old.exec(blames);
    expect(old.prepare("SELECT blame_party, blame_code, counts FROM trajectory").raw().all()).toEqual([[null, null, "{}"]]);
    const blame = (party: string) =>
      old.prepare("UPDATE trajectory SET blame_party = ?, blame_code = 'x', blame_reason = ''").run(party);
    expect(blame("user").changes).toBe(1);
    expect(() => blame("nobody")).toThrow(/CHECK/);
    expect(() => old.exec("UPDATE trajectory SET blame_code = NULL")).toThrow(/CHECK/);
    old.close();
  });

  it("convert a stored task's limit of user turns, which counted the first message, into a limit of replies", () => {
    const old = new Database(":memory:");
    for (const change of migrations.slice(0, migrations.indexOf(replies))) old.exec(change);
    old.exec("INSERT INTO run VALUES (1, 'r', 'tiny', '{}', '{}', 'running', NULL, 't', NULL)");
    const add = old.prepare("INSERT INTO task VALUES (?, 1, 0, 'evaluation', ?, 't', 'plain', 'd', 's', 1, ?, NULL)");
    for (const turns of [1, 3]) add.run(turns, turns, JSON.stringify({ limits: { userTurns: turns, toolTurns: 2 } }));
    old.exec(replies);
    const bodies = old.prepare("SELECT body FROM task ORDER BY id").pluck().all() as string[];
    expect(bodies.map((body) => JSON.parse(body))).toEqual([
      { limits: { userReplies: 0, toolTurns: 2 } },
      { limits: { userReplies: 2, toolTurns: 2 } },
    ]);
    old.close();
  });

  it("that fail half-way leave the store unchanged", () => {
    using temporary = temporaryStore();
    const { database } = temporary.store;
    newWriter(temporary.store, "kept");
    expect(() => migrate(database, temporary.path, [...migrations, `${change}; SELECT nonsense;`])).toThrow(/nonsense/);
    expect(versionOf(database)).toBe(migrations.length);
    expect(database.prepare("SELECT count(*) FROM pragma_table_info('run') WHERE name = 'colour'").pluck().get()).toBe(0);
    expect(database.prepare("SELECT * FROM step_summary").all()).toEqual([]);
    migrate(database, temporary.path, [...migrations, change]);
  });

  it("reject a store of a newer version with a sentence, also for reading", () => {
    using temporary = temporaryStore();
    temporary.store.database.pragma("user_version = 99");
    for (const readonly of [true, false])
      expect(boundaryOf(() => openStore(temporary.path, { readonly }))).toMatch(/^store: .*newer Playact \(store version 99/);
    expect(existsSync(`${temporary.path}.v99.backup`)).toBe(false);
  });
});

describe("a run", () => {
  it("gets the next free name of its preset, and keeps its config", () => {
    using temporary = temporaryStore();
    const config = configSchema.parse({ steps: 7 });
    const names = [1, 2, 3].map(() => createRun(temporary.store, { preset: "tiny", config, versions: { torch: "2" } }).name);
    expect(names).toEqual(["tiny-1", "tiny-2", "tiny-3"]);
    expect(findRun(temporary.store, "tiny-2")).toMatchObject({
      preset: "tiny",
      status: "running",
      config,
      versions: { torch: "2" },
    });
    expect(findRun(temporary.store, null).name).toBe("tiny-3");
    expect(listRuns(temporary.store).map((run) => run.name)).toEqual(["tiny-3", "tiny-2", "tiny-1"]);
  });

  it("can get another config, and a status with its end", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    setRunConfig(writer, { ...writer.run.config, steps: 9 });
    setRunStatus(writer, "failed", "the learner died");
    const run = findRun(temporary.store, null);
    expect(run).toMatchObject({ status: "failed", note: "the learner died", config: { steps: 9 } });
    expect(run.endedAt).not.toBeNull();
    setRunStatus(writer, "running");
    expect(findRun(temporary.store, null)).toMatchObject({ status: "running", note: null, endedAt: null });
  });

  it("cannot have a taken or invalid name, and an unknown name lists the known ones", () => {
    using temporary = temporaryStore();
    expect(boundaryOf(() => findRun(temporary.store, null))).toMatch(/^usage: There is no run in .* yet/);
    newWriter(temporary.store, "first");
    const create = (name: string) =>
      createRun(temporary.store, { name, preset: "tiny", config: configSchema.parse({}), versions: {} });
    expect(boundaryOf(() => create("first"))).toMatch(/^usage: A run named first already exists/);
    for (const bad of ["", "Upper", "../up", "-x", "a b", "x".repeat(65)])
      expect(boundaryOf(() => create(bad))).toMatch(/^usage: A run's name must be/);
    expect(boundaryOf(() => findRun(temporary.store, "frist"))).toBe(
      "usage: There is no run named frist. Known runs, latest first: first.",
    );
  });
});

describe("the home folder", () => {
  it("is --home, else PLAYACT_HOME, else playact in the XDG data folder", () => {
    const environment = { PLAYACT_HOME: "/a", XDG_DATA_HOME: "/b" };
    expect(resolveHome("/c", environment)).toBe("/c");
    expect(resolveHome(undefined, environment)).toBe("/a");
    expect(resolveHome(undefined, { XDG_DATA_HOME: "/b" })).toBe("/b/playact");
    expect(resolveHome(undefined, { XDG_DATA_HOME: "relative" })).toMatch(/\/\.local\/share\/playact$/);
    expect(storePath("/c")).toBe("/c/playact.db");
  });
});
