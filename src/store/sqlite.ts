// Which SQLite better-sqlite3 has built in. For `playact doctor`; the store itself is store.ts.
import Database from "better-sqlite3";

/** "3.53.2" or the like. Throws where the native module does not load. */
export function sqliteVersion(): string {
  const database = new Database(":memory:");
  try {
    return String(database.prepare("SELECT sqlite_version()").pluck().get());
  } finally {
    database.close();
  }
}
