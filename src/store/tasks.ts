// Tasks of a step, stored when drawn so that a resumed step goes on with the same ones.
import type { Database } from "better-sqlite3";
import { PlayactError } from "../errors.ts";
import type { Purpose, Task } from "../types.ts";
import { insertEmbedding, type TaskEmbedding } from "./embeddings.ts";
import { type Writer, write } from "./lease.ts";
import type { RunRow } from "./run-row.ts";
import type { Store } from "./store.ts";

export type TaskKind = "plain" | "ask" | "chain" | "ask+chain" | "decline";

/** ask: holds a value back from the first message. chain: a later call takes an argument from an earlier result. */
export function taskKind(task: Task): TaskKind {
  if (task.kind === "decline") return "decline";
  const asks = task.heldBack.length > 0;
  if (task.dependent) return asks ? "ask+chain" : "chain";
  return asks ? "ask" : "plain";
}

/** How a written task came to be: the round of drafts that gave it, and its embedding where tasks are compared. */
export interface Origin {
  readonly round: number;
  readonly embedding: TaskEmbedding | null;
}

/** Stores one task; a second one at the same place is refused. Throws PlayactError("store"). */
export function saveTask(
  writer: Writer,
  place: { step: number; purpose: Purpose; index: number },
  task: Task,
  origin?: Origin,
): void {
  write(writer, (database) => {
    assertOpen(database, writer.run, place.step, place.purpose);
    const { lastInsertRowid } = database
      .prepare(
        "INSERT INTO task (run, step, purpose, position, name, kind, domain, toolset, level, body, round) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      )
      .run(
        ...[writer.run.id, place.step, place.purpose, place.index],
        ...[task.id, taskKind(task), task.domain, task.toolset, task.level, JSON.stringify(task)],
        origin?.round ?? null,
      );
    if (origin?.embedding) insertEmbedding(database, lastInsertRowid, origin.embedding);
  });
}

/** The tasks stored for a step by index; some may be missing where drawing was interrupted. */
export function loadTasks(store: Store, run: RunRow, step: number, purpose: Purpose): Map<number, Task> {
  const rows = store.database
    .prepare<[number, number, string], { position: number; body: string }>(
      "SELECT position, body FROM task WHERE run = ? AND step = ? AND purpose = ? ORDER BY position",
    )
    .all(run.id, step, purpose);
  // written by saveTask from a Task; the file is trusted like any other of ours
  return new Map(rows.map((row) => [row.position, JSON.parse(row.body) as Task]));
}

/** The rounds that gave a series its tasks so far. */
export function roundsOf(store: Store, run: RunRow, step: number, purpose: Purpose): number[] {
  return store.database
    .prepare<[number, number, string], number>(
      "SELECT DISTINCT round FROM task WHERE run = ? AND step = ? AND purpose = ? AND round IS NOT NULL ORDER BY round",
    )
    .pluck()
    .all(run.id, step, purpose);
}

/** Throws PlayactError("store") when training data is written to a step that is not open. */
export function assertOpen(database: Database, run: RunRow, step: number, purpose: Purpose): void {
  if (purpose === "evaluation") return;
  const open = database.prepare("SELECT 1 FROM step WHERE run = ? AND number = ? AND closed_at IS NULL").get(run.id, step);
  if (open === undefined) throw new PlayactError("store", `Step ${step} of run ${run.name} is not open: nothing is added to it.`);
}
