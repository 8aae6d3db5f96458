// Opens playact.db; the only file with pragmas and transactions. The other files of this folder define what is stored. Episodes
// commit with synchronous NORMAL (safe if the process is killed; a power cut may lose the last ones, but never corrupts the
// store), steps with FULL (safe in both cases).
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { describe, PlayactError } from "../errors.ts";
import { backUp } from "./backup.ts";
import { ensureWritable } from "./home.ts";
import { assertOurs, migrate, migrations, versionOf } from "./migrations.ts";
import { loading } from "./sqlite.ts";

/** An open store. `database` is for the files of this folder only. */
export interface Store extends Disposable {
  readonly path: string;
  readonly database: Database.Database;
}

/** SQLite before this version can lose committed transactions of two writers in WAL mode. */
export const leastSqlite = "3.51.3";

/**
 * Opens the store; creates folder and file and migrates if needed; with `readonly` it does neither. `busySeconds`: how long one
 * try may wait for another program's lock, which blocks the whole process.
 * Throws PlayactError: "disk" for a path that cannot be written, "store" for a missing, foreign, damaged or newer file.
 */
export function openStore(path: string, options: { readonly readonly?: boolean; readonly busySeconds?: number } = {}): Store {
  const readonly = options.readonly ?? false;
  if (!readonly) ensureWritable(dirname(path));
  else if (!existsSync(path))
    throw new PlayactError("store", `There is no store at ${path}. Start a run first, or set --home to the right folder.`);
  const database = guarded(path, () => loading(() => new Database(path, { readonly, fileMustExist: readonly })));
  try {
    guarded(path, () => prepare(database, path, readonly));
    if (options.busySeconds !== undefined) database.pragma(`busy_timeout = ${options.busySeconds * 1000}`);
  } catch (thrown) {
    database.close();
    throw thrown;
  }
  return { path, database, [Symbol.dispose]: () => void database.close() };
}

function prepare(database: Database.Database, path: string, readonly: boolean): void {
  database.pragma("busy_timeout = 5000"); // first: the next pragmas may have to wait for a lock
  database.pragma("foreign_keys = ON");
  database.pragma("trusted_schema = OFF");
  database.pragma("cell_size_check = ON");
  assertSqlite(String(database.prepare("SELECT sqlite_version()").pluck().get()));
  if (readonly) {
    assertOurs(database, path);
    const version = versionOf(database);
    if (version < migrations.length) {
      throw new PlayactError(
        "store",
        `${path} was written by an older Playact (store version ${version} of ${migrations.length}). Start or resume a run once to update it.`,
      );
    }
    return;
  }
  assertOurs(database, path); // before writing to a file that may not be a Playact store
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = NORMAL");
  database.pragma("fullfsync = ON"); // macOS: FULL then reaches the disk, not just its cache
  database.pragma("journal_size_limit = 67108864"); // most bytes of the WAL file after a checkpoint
  migrate(database, path);
}

/** Throws PlayactError("environment") for an SQLite that is not safe with two connections. */
export function assertSqlite(version: string): void {
  const [have, need] = [version, leastSqlite].map((text) => text.split(".").map(Number));
  const first = need?.findIndex((part, index) => part !== have?.[index]) ?? -1;
  if (first >= 0 && (have?.[first] ?? 0) < (need?.[first] ?? 0)) {
    throw new PlayactError(
      "environment",
      `SQLite ${leastSqlite} or newer is required, this build has ${version}. Reinstall better-sqlite3.`,
    );
  }
}

/**
 * Runs `work` in one immediate transaction: all of it is stored, or nothing. `durable` waits until it is on the disk.
 * Throws PlayactError: "disk" if the disk is full or fails, "store" if a table's constraint fails; other errors unchanged.
 */
export function transact<T>(store: Store, work: (database: Database.Database) => T, durable = false): T {
  const { database } = store;
  return guarded(store.path, () => {
    // cannot be set inside a transaction; one FULL commit also syncs the NORMAL ones before it (same WAL file)
    if (durable) database.pragma("synchronous = FULL");
    try {
      return database.transaction(work).immediate(database);
    } finally {
      if (durable) database.pragma("synchronous = NORMAL");
    }
  });
}

/** Copies the store to `target`, whole or not at all. Throws PlayactError as `transact` does. */
export function copyStore({ path, database }: Store, target: string): void {
  guarded(path, () => backUp(database, target));
}

/**
 * The obstacle of a failed write if it may be temporary: another program's lock, or a full or failing disk. Null for every
 * other error.
 */
export function obstacle(error: unknown): "busy" | "disk" | null {
  const code = codeOf(error instanceof PlayactError ? error.cause : error);
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return "busy";
  const full = /^SQLITE_(FULL|IOERR)|^(ENOSPC|EDQUOT|EIO)$/.test(code);
  // the learner is another process and reports no more about its disk than this boundary
  const learners = error instanceof PlayactError && error.boundary === "disk" && error.cause === undefined;
  return full || learners ? "disk" : null;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Turns SQLite's errors into PlayactErrors with a sentence; other errors pass unchanged. */
function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof Database.SqliteError)) throw cause;
    throw new PlayactError(boundaryOf(cause.code), `${path}: ${sentence(cause.code, describe(cause))}`, { cause });
  }
}

function boundaryOf(code: string): "disk" | "store" {
  return /^SQLITE_(FULL|IOERR|CANTOPEN|READONLY|PERM)/.test(code) ? "disk" : "store";
}

function sentence(code: string, text: string): string {
  if (code === "SQLITE_FULL") return "the disk is full. Free some space and resume; nothing finished is lost.";
  if (code.startsWith("SQLITE_IOERR")) return `reading or writing failed (${code}: ${text}). Check the disk, then resume.`;
  if (code === "SQLITE_READONLY_DIRECTORY" || /^SQLITE_(CANTOPEN|READONLY|PERM)/.test(code))
    return `cannot be opened (${text}). Check its permissions, or choose another --home.`;
  if (code.startsWith("SQLITE_BUSY")) return "another program has locked the store. Close it and try again.";
  if (code === "SQLITE_NOTADB") return "this is not a SQLite file. Move it away or choose another --home.";
  if (code.startsWith("SQLITE_CORRUPT")) return `the store is damaged (${text}). Restore a backup, or choose another --home.`;
  return `the store rejected a write (${text}).`;
}
