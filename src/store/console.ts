// Runs one untrusted read-only SQL query, for cli/sql-child.ts. better-sqlite3 has no authorizer and no progress handler, and
// with a read-only handle VACUUM INTO and ATTACH can still write files. So statements are checked by their first word before
// SQLite gets them and by SQLite's own classification afterwards, and the process is killed at its deadline.
import Database from "better-sqlite3";
import { describe } from "../errors.ts";
import type { Json } from "../types.ts";

export interface Query {
  /** Path of the store. */
  readonly path: string;
  readonly sql: string;
  /** Most rows. */
  readonly rows: number;
  /** Most bytes of the answer (approximate). */
  readonly bytes: number;
}

/** A cell; a BLOB is `{ blob: base64 }`, an integer beyond 2^53 a string. */
export type Cell = null | number | string | { readonly blob: string };

export interface QueryResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** The limit that cut the answer short; null if none did. */
  readonly cut: "rows" | "bytes" | null;
}

const blank = /^(?:[\s;]|--[^\n]*|\/\*[\s\S]*?\*\/)*/;
const readers = /^(?:select|with|values)\b/i;
const explain = /^explain\b(?:\s+query\s+plan\b)?/i;
const pragmas =
  /^pragma\s+(?:(?:table_info|table_xinfo|index_list|index_info|index_xinfo|foreign_key_list)\s*\(\s*['"]?\w+['"]?\s*\)|table_list|user_version|compile_options)\s*;?\s*$/i;

/** Why a query may not run, or null. `runQuery` also asks SQLite itself. */
export function whyRefused(sql: string): string | null {
  const text = sql.replace(blank, "");
  if (text === "") return "The query is empty.";
  // some pragmas take effect while SQLite compiles them, even after EXPLAIN: so the words after EXPLAIN are checked
  const explained = text.replace(explain, "").replace(blank, "");
  if (readers.test(explained) || pragmas.test(text)) return null;
  const word = /^\w*/.exec(text)?.[0].toUpperCase();
  return `Only one SELECT, WITH, VALUES, EXPLAIN of these, or a PRAGMA such as table_info(...), table_list or index_list(...) is allowed, not ${word}. A query cannot change the store.`;
}

/** Runs one query on a read-only handle. Throws Error with a sentence if it is refused or wrong. */
export function runQuery(query: Query): QueryResult {
  const refused = whyRefused(query.sql);
  if (refused !== null) throw new Error(refused);
  const database = new Database(query.path, { readonly: true, fileMustExist: true });
  try {
    for (const pragma of ["busy_timeout = 1000", "query_only = ON", "trusted_schema = OFF", "cell_size_check = ON"])
      database.pragma(pragma);
    database.pragma("temp_store = MEMORY"); // no temporary files for sorting
    const statement = database.prepare(query.sql);
    if (!statement.reader || !statement.readonly)
      throw new Error("Only queries that read are allowed. A query cannot change the store.");
    return collect(statement.raw().safeIntegers(), query);
  } catch (cause) {
    throw new Error(explainError(database, cause), { cause });
  } finally {
    database.close();
  }
}

function collect(statement: Database.Statement, query: Query): QueryResult {
  const columns = statement.columns().map((column) => column.name);
  const rows: (readonly Cell[])[] = [];
  let bytes = 0;
  for (const row of statement.iterate()) {
    const values = row as readonly unknown[]; // raw() makes rows arrays
    if (rows.length === query.rows) return { columns, rows, cut: "rows" };
    bytes += values.reduce<number>((sum, value) => sum + sizeOf(value), 0);
    if (bytes > query.bytes) return { columns, rows, cut: "bytes" };
    rows.push(values.map(readCell));
  }
  return { columns, rows, cut: null };
}

/** Approximate bytes of a value in the answer, known before it is converted to text. */
function sizeOf(value: unknown): number {
  if (Buffer.isBuffer(value)) return Math.ceil(value.length / 3) * 4;
  return typeof value === "string" ? value.length : 8;
}

function readCell(value: unknown): Cell {
  if (Buffer.isBuffer(value)) return { blob: value.toString("base64") };
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  return value === null ? null : String(value);
}

/** A cell in `--json`: a BLOB is its base64. */
export function cellJson(cell: Cell): Json {
  return typeof cell === "object" && cell !== null ? cell.blob : cell;
}

function explainError(database: Database.Database, cause: unknown): string {
  const text = describe(cause);
  if (/more than one statement/.test(text)) return "Only one statement is allowed.";
  if (!/^no such (?:table|column)/.test(text)) return text;
  const views = database.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name").pluck().all();
  return `${text}. Views: ${views.join(", ")}; PRAGMA table_info(step_summary) lists a view's columns.`;
}
