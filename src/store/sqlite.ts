// The SQLite built into better-sqlite3: its version, and what to do where its native module does not load. The store is in store.ts.
import Database from "better-sqlite3";
import { describe, PlayactError } from "../errors.ts";
import { sqliteCommand } from "../models/installation.ts";

/** E.g. "3.53.2". @throws PlayactError("environment") if the native module does not load */
export function sqliteVersion(): string {
  const database = loading(() => new Database(":memory:"));
  try {
    return String(database.prepare("SELECT sqlite_version()").pluck().get());
  } finally {
    database.close();
  }
}

/** Opens a database. The loader's errors have no code of their own: the module is missing, or was made for another Node. */
export function loading<T>(open: () => T): T {
  try {
    return open();
  } catch (cause) {
    if (!/Could not locate the bindings file|NODE_MODULE_VERSION/.test(describe(cause))) throw cause;
    throw new PlayactError("environment", `SQLite's native module is missing or made for another Node. Run: ${sqliteCommand()}`, {
      cause,
    });
  }
}
