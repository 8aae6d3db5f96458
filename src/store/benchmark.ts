// Rows of a public benchmark, one a policy played and a checker marked: stored as it is marked, and never played again. No lease is
// needed: a row belongs to a policy, not to the process that writes a run, and the same row of two processes is stored once.
import { type Store, transact } from "./store.ts";

/** What makes two scores comparable: everything but the row and the policy's weights. */
export interface BenchmarkSeries {
  readonly suite: string;
  readonly version: string;
  readonly model: string;
  /** Content hash of the adapter; null: the untrained model. */
  readonly adapter: string | null;
  readonly dialect: string;
  /** Digest of the prompt's frame. */
  readonly template: string;
}

/** A marked row, as the columns of the table have it. */
export interface StoredMark {
  readonly category: string;
  readonly position: number;
  readonly name: string;
  readonly reply: string;
  readonly ended: string;
  /** A JSON text. */
  readonly calls: string;
  readonly correct: boolean;
  readonly error: string | null;
  readonly detail: string | null;
}

/** The checkpoint that was played: row id of the run, and its step. */
export interface PlayedStep {
  readonly run: number;
  readonly step: number;
}

const columns = ["suite", "version", "model", "adapter", "dialect", "template"] as const;

/** Stores one row; does nothing if the series has it. */
export function storeMark(store: Store, series: BenchmarkSeries, from: PlayedStep | null, mark: StoredMark): void {
  const { category, position, name, reply, ended, calls, correct, error, detail } = mark;
  transact(store, (database) => {
    database
      .prepare(
        `INSERT INTO benchmark (run, step, ${columns.join(", ")}, category, position, name, reply, ended, calls, correct, error, detail, at)
         VALUES (?, ?, ${columns.map(() => "?").join(", ")}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      )
      .run(
        ...[from?.run ?? null, from?.step ?? null, ...columns.map((column) => series[column])],
        ...[category, position, name, reply, ended, calls, correct ? 1 : 0, error, detail, new Date().toISOString()],
      );
  });
}

/** All rows of a series, in no order. */
export function marksOf(store: Store, series: BenchmarkSeries): readonly StoredMark[] {
  const where = columns.map((column) => `${column} IS @${column}`).join(" AND ");
  return store.database
    .prepare<[BenchmarkSeries], Omit<StoredMark, "correct"> & { readonly correct: 0 | 1 }>(
      `SELECT category, position, name, reply, ended, calls, correct, error, detail FROM benchmark WHERE ${where}`,
    )
    .all(series)
    .map((mark) => ({ ...mark, correct: mark.correct === 1 }));
}
