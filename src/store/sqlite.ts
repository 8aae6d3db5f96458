// The version of the SQLite built into better-sqlite3, for `playact doctor`; the store itself is in store.ts.
import Database from "better-sqlite3";

/** E.g. "3.53.2". Throws if the native module does not load. */
export function sqliteVersion(): string {
  const database = new Database(":memory:");
  try {
    return String(database.prepare("SELECT sqlite_version()").pluck().get());
  } finally {
    database.close();
  }
}
