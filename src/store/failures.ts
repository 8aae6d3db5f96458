// Failures that the run survived, as rows: failures are data (who failed, how, where), not just log lines.
import type { Database } from "better-sqlite3";
import type { Purpose } from "../types.ts";
import { type AskedDraft, insertDrafts } from "./exchanges.ts";
import { type Writer, write } from "./lease.ts";

export interface FailureRow {
  readonly boundary: string;
  readonly code: string;
  readonly text: string;
  /** Task.id, if the failure concerns a task. */
  readonly task?: string;
  readonly sample?: number;
}

/**
 * Stores a failure that aborted no stored trajectory; of a task that could not be written, with its rejected drafts, once: a resumed
 * run tries to write it again.
 */
export function recordFailure(
  writer: Writer,
  step: number,
  failure: FailureRow,
  unwritten?: { readonly purpose: Purpose; readonly drafts: readonly AskedDraft[] },
): void {
  write(writer, (database) => {
    if (unwritten === undefined || !isKnown(database, writer.run.id, step, failure))
      insertFailure(database, writer.run.id, step, failure);
    if (unwritten !== undefined)
      insertDrafts(database, { run: writer.run.id, step, purpose: unwritten.purpose }, unwritten.drafts);
  });
}

function isKnown(database: Database, run: number, step: number, { code, task }: FailureRow): boolean {
  const select = "SELECT 1 FROM failure WHERE run = ? AND step = ? AND code = ? AND task = ? AND trajectory IS NULL";
  return database.prepare(select).get(run, step, code, task) !== undefined;
}

/** Stores a failure inside an open transaction; `trajectory` is the episode that it aborted. */
export function insertFailure(
  database: Database,
  run: number,
  step: number,
  failure: FailureRow & { readonly trajectory?: number },
): void {
  database
    .prepare(
      "INSERT INTO failure (run, step, boundary, code, text, task, sample, trajectory, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .run(
      ...[run, step, failure.boundary, failure.code, failure.text, failure.task ?? null],
      ...[failure.sample ?? null, failure.trajectory ?? null, new Date().toISOString()],
    );
}
