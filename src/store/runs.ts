// Runs: made with a free name and their whole config, found by name, listed. No steps here.
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Database } from "better-sqlite3";
import { type Config, configSchema } from "../config/config.ts";
import { PlayactError } from "../errors.ts";
import { isObject } from "../rules/json.ts";
import { runFolder } from "./home.ts";
import { type Writer, write } from "./lease.ts";
import type { RunRow, RunStatus } from "./run-row.ts";
import { type Store, transact } from "./store.ts";

/** A run as it is listed: one whose config this version cannot read has none, and says why. */
export type ListedRun = RunRow | (Omit<RunRow, "config"> & { readonly config: null; readonly fault: string });

export interface NewRun {
  /** Default: `<preset>-<n>` with the lowest n that is free: no run of the store has it, and no folder of another store's. */
  readonly name?: string;
  readonly preset: string;
  readonly config: Config;
  readonly versions: Readonly<Record<string, string>>;
}

const namePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Makes a run with status "running". Throws PlayactError("usage") for a name that is taken or not well-formed. */
export function createRun(store: Store, run: NewRun): RunRow {
  return transact(store, (database) => {
    const folderOf = (name: string) => runFolder(dirname(store.path), name);
    const name = run.name ?? freeName(run.preset, (name) => isTaken(database, name) || existsSync(folderOf(name)));
    if (!namePattern.test(name)) {
      throw new PlayactError(
        "usage",
        `A run's name is 1 to 64 small letters, digits, dots, dashes or underscores and starts with a letter or digit, not ${JSON.stringify(name)}.`,
      );
    }
    if (isTaken(database, name)) {
      throw new PlayactError("usage", `There is a run named ${name} already. Resume it, or choose another name.`);
    }
    if (existsSync(folderOf(name))) {
      throw new PlayactError(
        "usage",
        `${folderOf(name)} is there already, of a run that ${store.path} does not know. Choose another name, or move that folder away.`,
      );
    }
    database
      .prepare("INSERT INTO run (name, preset, config, versions, status, created_at) VALUES (?, ?, ?, ?, 'running', ?)")
      .run(name, run.preset, JSON.stringify(run.config), JSON.stringify(run.versions), new Date().toISOString());
    return findRun(store, name);
  });
}

/** A run by name, or the latest. Throws PlayactError("usage") naming the known runs where there is no such run. */
export function findRun(store: Store, name: string | null): RunRow {
  const found = name === null ? selectRuns(store, "ORDER BY id DESC LIMIT 1") : selectRuns(store, "WHERE name = ?", name);
  const [run] = found;
  if (run !== undefined) return readable(run);
  const known = listRuns(store).map((other) => other.name);
  if (known.length === 0) throw new PlayactError("usage", `There is no run in ${store.path} yet. Start one first.`);
  const shown = known.slice(0, 8).join(", ") + (known.length > 8 ? ` and ${known.length - 8} older` : "");
  throw new PlayactError("usage", `There is no run named ${name}. Known runs, latest first: ${shown}.`);
}

/** The run of a row id that another row names. Throws PlayactError("store") where it is not there. */
export function runOfId(store: Store, id: number): RunRow {
  const [run] = selectRuns(store, "WHERE id = ?", id);
  if (run === undefined) throw new PlayactError("store", `${store.path} has no run with the row id ${id}.`);
  return readable(run);
}

/** Throws PlayactError("store") for a run whose config this version cannot read. */
export function readable(run: ListedRun): RunRow {
  if (run.config !== null) return run;
  throw new PlayactError(
    "store",
    `The config of run ${run.name} does not fit this version of Playact (${run.fault}). Use the version that started it (${run.versions.playact ?? "unknown"}).`,
  );
}

/** Keys of today's config that the stored one of a run lacks, because it is older: today's defaults stand in for them. */
export function lackingKeys(store: Store, run: RunRow): readonly string[] {
  const stored = store.database.prepare<[number], string>("SELECT config FROM run WHERE id = ?").pluck().get(run.id);
  return lacking(run.config, JSON.parse(stored ?? "{}"), "");
}

function lacking(wanted: object, stored: unknown, prefix: string): string[] {
  return Object.entries(wanted).flatMap(([key, value]) => {
    if (!isObject(stored) || !Object.hasOwn(stored, key)) return [prefix + key];
    return isObject(value) ? lacking(value, stored[key], `${prefix}${key}.`) : [];
  });
}

/** All runs, latest first. */
export function listRuns(store: Store): readonly ListedRun[] {
  return selectRuns(store, "ORDER BY id DESC");
}

/** Sets where the run stands; any status but "running" also sets its end. */
export function setRunStatus(writer: Writer, status: RunStatus, note: string | null = null): void {
  write(writer, (database) => {
    const endedAt = status === "running" ? null : new Date().toISOString();
    database.prepare("UPDATE run SET status = ?, note = ?, ended_at = ? WHERE id = ?").run(status, note, endedAt, writer.run.id);
  });
}

/** Replaces the stored config: a resumed run may be given more steps. */
export function setRunConfig(writer: Writer, config: Config): void {
  write(writer, (database) => {
    database.prepare("UPDATE run SET config = ? WHERE id = ?").run(JSON.stringify(config), writer.run.id);
  });
}

function freeName(preset: string, taken: (name: string) => boolean): string {
  let n = 1;
  while (taken(`${preset}-${n}`)) n++;
  return `${preset}-${n}`;
}

function isTaken(database: Database, name: string): boolean {
  return database.prepare("SELECT 1 FROM run WHERE name = ?").get(name) !== undefined;
}

type Columns = Omit<RunRow, "config" | "versions"> & { readonly config: string; readonly versions: string };

function selectRuns(store: Store, clause: string, ...values: readonly (string | number)[]): readonly ListedRun[] {
  const columns = "id, name, preset, config, versions, status, note, created_at AS createdAt, ended_at AS endedAt";
  const rows = store.database.prepare<(string | number)[], Columns>(`SELECT ${columns} FROM run ${clause}`).all(...values);
  return rows.map((row) => {
    const versions = JSON.parse(row.versions);
    const parsed = configSchema.safeParse(JSON.parse(row.config));
    if (parsed.success) return { ...row, config: parsed.data, versions };
    const [issue] = parsed.error.issues;
    return { ...row, config: null, versions, fault: [...(issue?.path ?? []), issue?.message].join(": ") };
  });
}
