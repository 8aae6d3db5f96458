import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Query, runQuery, whyRefused } from "../../src/store/console.ts";
import { newWriter, type Temporary, temporaryStore } from "./temporary.ts";

function filledStore(): Temporary {
  const temporary = temporaryStore();
  newWriter(temporary.store);
  return temporary;
}

function query(temporary: Temporary, sql: string): Query {
  return { path: temporary.path, sql, rows: 1000, bytes: 1e6 };
}

describe("the read-only console", () => {
  it("allows queries that read: CTEs, values, leading comments, EXPLAIN, and the pragmas that describe the store", () => {
    using temporary = filledStore();
    for (const sql of [
      "/* why */ -- and how\n SELECT 1;",
      "WITH a AS (SELECT 1) SELECT * FROM a",
      "VALUES (1), (2)",
      "EXPLAIN QUERY PLAN SELECT * FROM step_summary",
      "PRAGMA table_info(step_summary)",
      "pragma table_list;",
    ]) {
      expect(runQuery(query(temporary, sql)).columns.length).toBeGreaterThan(0);
    }
  });

  it("rejects everything that writes or opens another file, and changes no file", () => {
    using temporary = filledStore();
    const other = join(temporary.home, "copy.db");
    copyFileSync(temporary.path, other);
    const before = listing(temporary.home);
    for (const sql of [
      "",
      "   -- nothing",
      "DELETE FROM run",
      "INSERT INTO metric VALUES (1, 1, 'x', 1)",
      "UPDATE run SET name = 'x' RETURNING name",
      "WITH x AS (SELECT 1) DELETE FROM run",
      "WITH x AS (SELECT 1) INSERT INTO metric SELECT 1, 1, 'x', 1 RETURNING *",
      "DROP TABLE run",
      "CREATE TEMP TABLE x (y)",
      `ATTACH '${other}' AS other`,
      `ATTACH '${join(temporary.home, "new.db")}' AS other`,
      "DETACH main",
      `VACUUM INTO '${join(temporary.home, "stolen.db")}'`,
      "VACUUM",
      "REINDEX",
      "ANALYZE",
      "BEGIN IMMEDIATE",
      "SAVEPOINT x",
      "PRAGMA query_only = OFF",
      "PRAGMA journal_mode = DELETE",
      "PRAGMA user_version = 7",
      "PRAGMA user_version(7)",
      "PRAGMA hard_heap_limit = 1",
      "PRAGMA wal_checkpoint(TRUNCATE)",
      "EXPLAIN PRAGMA hard_heap_limit = 1",
      "EXPLAIN QUERY PLAN ATTACH 'x' AS y",
      "/**/ PRAGMA/**/query_only = OFF",
      "SELECT load_extension('x')",
      "SELECT writefile('x', 'y')",
      "SELECT 1; DELETE FROM run",
      "SELECT 1; SELECT 2",
      "SELECT * FROM nowhere",
      "selec 1",
    ]) {
      expect(() => runQuery(query(temporary, sql)), sql).toThrow(/\w/);
    }
    expect(listing(temporary.home)).toEqual(before);
    expect(temporary.store.database.prepare("SELECT count(*) FROM run").pluck().get()).toBe(1);
  });

  it("has a second check after the first word: SQLite's own classification of a statement", () => {
    using temporary = filledStore();
    expect(() => runQuery(query(temporary, "WITH x AS (SELECT 1) DELETE FROM run"))).toThrow(/Only queries that read/);
  });

  it("limits the bytes of an answer", () => {
    using temporary = filledStore();
    const sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT printf('%.*c', 1000, 'x') FROM n";
    const answer = runQuery({ ...query(temporary, sql), bytes: 10_500 });
    expect(answer.cut).toBe("bytes");
    expect(answer.rows).toHaveLength(10);
    expect(runQuery(query(temporary, "SELECT zeroblob(2000000)"))).toMatchObject({ rows: [], cut: "bytes" });
  });

  it("decides by the first word, after any blanks and comments", () => {
    for (const sql of ["select 1", ";;\n SELECT 1", "--x\n/* y */values (1)", "explain select 1"])
      expect(whyRefused(sql)).toBeNull();
    for (const sql of ["selected", "/* select 1", "-- select 1", "explain", "pragma_x", "(select 1)"])
      expect(whyRefused(sql)).not.toBeNull();
  });
});

/** Names and content of a folder's files, except the shared memory that any reader maps. */
function listing(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !name.endsWith("-shm"))
    .map((name) => `${name} ${readFileSync(join(folder, name)).toString("base64")}`);
}
