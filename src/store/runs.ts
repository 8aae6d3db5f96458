// Runs: created with a unique name and their complete config, found by name, listed. Steps are in steps.ts.
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Database } from "better-sqlite3";
import type { z } from "zod";
import { type Config, configSchema } from "../config/config.ts";
import { PlayactError } from "../errors.ts";
import type { CallForm } from "../llm/text/dialect.ts";
import { isObject } from "../rules/json.ts";
import { runFolder } from "./home.ts";
import { type Writer, write } from "./lease.ts";
import type { RunModels } from "./run-models.ts";
import type { RunRow, RunStatus } from "./run-row.ts";
import { type Store, transact } from "./store.ts";

/** A listed run. If this version does not support its config, `config` is null and `fault` says why. */
export type ListedRun = RunRow | (Omit<RunRow, "config"> & { readonly config: null; readonly fault: string });

export interface NewRun {
  /** Default: `<preset>-<n>` with the lowest n that neither a run of the store nor an existing folder has. */
  readonly name?: string;
  readonly preset: string;
  readonly config: Config;
  readonly versions: Readonly<Record<string, string>>;
  /** Left out where no files are used (scripted doubles). */
  readonly models?: RunModels;
  /** How its policy writes calls, if that is settled before its first start. */
  readonly form?: CallForm | null;
}

const namePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Creates a run with status "running". Throws PlayactError("usage") for a name that is taken or invalid. */
export function createRun(store: Store, run: NewRun): RunRow {
  return transact(store, (database) => {
    const folderOf = (name: string) => runFolder(dirname(store.path), name);
    const name = run.name ?? freeName(run.preset, (name) => isTaken(database, name) || existsSync(folderOf(name)));
    assertFree(store, name);
    const { policy, simulator, tools, doubt } = run.models ?? { policy: null, simulator: null, tools: null, doubt: null };
    database
      .prepare(
        `INSERT INTO run (name, preset, config, versions, policy_sha256, simulator_sha256, tools_sha256, simulator_doubt, dialect, markers,
           status, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', ?)`,
      )
      .run(
        ...[name, run.preset, JSON.stringify(run.config), JSON.stringify(run.versions)],
        ...[policy, simulator, tools, doubt, run.form?.dialect ?? null, run.form?.markers ?? null, new Date().toISOString()],
      );
    return findRun(store, name);
  });
}

/** @throws PlayactError("usage") for a name that is taken or invalid */
export function assertFree({ path, database }: Store, name: string): void {
  if (!namePattern.test(name))
    throw new PlayactError(
      "usage",
      `A run's name must be 1 to 64 lower-case letters, digits, dots, dashes or underscores and start with a letter or digit, got ${JSON.stringify(name)}.`,
    );
  if (isTaken(database, name))
    throw new PlayactError("usage", `A run named ${name} already exists. Resume it, or choose another name.`);
  const folder = runFolder(dirname(path), name);
  if (existsSync(folder))
    throw new PlayactError(
      "usage",
      `${folder} already exists, for a run that ${path} does not list. Choose another name, or move that folder away.`,
    );
}

/**
 * A run to resume, by name or the latest. Throws PlayactError: "usage" with the known runs if there is no such run, "store"
 * if this version does not support its config.
 */
export function findRun(store: Store, name: string | null): RunRow {
  const found = name === null ? selectRuns(store, "ORDER BY id DESC LIMIT 1") : selectRuns(store, "WHERE name = ?", name);
  const [run] = found;
  if (run !== undefined) return resumable(run);
  const known = listRuns(store).map((other) => other.name);
  if (known.length === 0) throw new PlayactError("usage", `There is no run in ${store.path} yet. Start one first.`);
  const shown = known.slice(0, 8).join(", ") + (known.length > 8 ? ` and ${known.length - 8} older` : "");
  throw new PlayactError("usage", `There is no run named ${name}. Known runs, latest first: ${shown}.`);
}

function resumable(run: ListedRun): RunRow {
  if (run.config !== null) return run;
  const version = run.versions.playact ?? "unknown";
  throw new PlayactError(
    "store",
    `Run ${run.name} cannot be resumed: ${run.fault}. Resume it with the version of Playact that started it (${version}), or start a new run; runs, show and sql can still read it.`,
  );
}

/** Name of the policy of a run, also of one that this version cannot resume. */
export function policyOf(store: Store, id: number): string {
  const policy = storedSetting<string>(store, id, "$.models.policy");
  if (policy === undefined) throw new PlayactError("store", `${store.path} has no run with the row id ${id}.`);
  return policy;
}

/** Whether the policy of a run thinks, likewise. */
export function isThinking(store: Store, id: number): boolean {
  return storedSetting<0 | 1>(store, id, "$.policy.thinking") === 1;
}

/** A value of a stored config, as SQLite gives it. */
function storedSetting<T>({ database }: Store, id: number, path: string): T | undefined {
  return database.prepare<[string, number], T>("SELECT config ->> ? FROM run WHERE id = ?").pluck().get(path, id);
}

/** All runs, latest first. */
export function listRuns(store: Store): readonly ListedRun[] {
  return selectRuns(store, "ORDER BY id DESC");
}

/** Sets the status of the run; any status except "running" also sets its end time. */
export function setRunStatus(writer: Writer, status: RunStatus, note: string | null = null): void {
  write(writer, (database) => {
    const endedAt = status === "running" ? null : new Date().toISOString();
    database.prepare("UPDATE run SET status = ?, note = ?, ended_at = ? WHERE id = ?").run(status, note, endedAt, writer.run.id);
  });
}

/** Replaces the stored config: a resumed run may get more steps. */
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

type Columns = Omit<RunRow, "config" | "versions" | "form"> & {
  readonly [json in "config" | "versions" | "form"]: string;
};

function selectRuns(store: Store, clause: string, ...values: readonly (string | number)[]): readonly ListedRun[] {
  const form = "iif(dialect IS NULL, 'null', json_object('dialect', dialect, 'markers', markers)) AS form";
  const columns = `id, name, preset, config, versions, ${form}, status, note, created_at AS createdAt, ended_at AS endedAt`;
  const rows = store.database.prepare<(string | number)[], Columns>(`SELECT ${columns} FROM run ${clause}`).all(...values);
  return rows.map((row) => {
    const versions = JSON.parse(row.versions);
    const form: CallForm | null = JSON.parse(row.form); // written by recordStart
    const stored: unknown = JSON.parse(row.config);
    const parsed = configSchema.safeParse(stored);
    const faults = parsed.success ? lacking(parsed.data, stored) : parsed.error.issues.flatMap((issue) => unfit(issue, stored));
    if (parsed.success && faults.length === 0) return { ...row, config: parsed.data, versions, form };
    return { ...row, config: null, versions, form, fault: `its config ${faults.join(" and ")}` };
  });
}

/** Keys of a complete config that the stored one lacks: filling in today's default would change the run. */
function lacking(whole: object, stored: unknown, prefix = ""): string[] {
  return Object.entries(whole).flatMap(([key, value]) => {
    if (!isObject(stored) || !Object.hasOwn(stored, key)) return [`lacks ${prefix}${key}`];
    return isObject(value) ? lacking(value, stored[key], `${prefix}${key}.`) : [];
  });
}

/** Keys or values of a config that this version does not support, each with its value. */
function unfit(issue: z.core.$ZodIssue, stored: unknown): string[] {
  const keys = issue.code === "unrecognized_keys" ? issue.keys : [null];
  return keys.map((key) => {
    const path = key === null ? issue.path : [...issue.path, key];
    const value = path.reduce<unknown>((tree, part) => (isObject(tree) ? tree[String(part)] : undefined), stored);
    const why = key === null ? "a value that this version does not allow" : "a key that this version does not have";
    return `sets ${path.join(".")} to ${JSON.stringify(value)}, ${why}`;
  });
}
