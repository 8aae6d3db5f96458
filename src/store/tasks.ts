// Tasks of a step, stored as soon as they are accepted, so that a resumed step continues with the same ones.
import type { Database } from "better-sqlite3";
import { PlayactError } from "../errors.ts";
import { isTraining } from "../tasks/held-out.ts";
import type { Purpose, Task } from "../types.ts";
import { insertEmbedding, type TaskEmbedding } from "./embeddings.ts";
import { type AskedDraft, insertDrafts } from "./exchanges.ts";
import { type Writer, write } from "./lease.ts";
import type { RunRow } from "./run-row.ts";
import type { Store } from "./store.ts";

export type TaskKind = "plain" | "ask" | "chain" | "ask+chain" | "parallel" | "decline";

/**
 * ask: the first message holds back a value. chain: a later call takes an argument from an earlier result. parallel: several
 * calls that do not depend on each other.
 */
export function taskKind(task: Task): TaskKind {
  if (task.kind === "decline") return "decline";
  const asks = task.heldBack.length > 0;
  if (task.dependent) return asks ? "ask+chain" : "chain";
  if (asks) return "ask";
  return task.expected.length > 1 ? "parallel" : "plain";
}

/** Origin of a written task: its round of drafts (null: it was drawn alone), its embedding if tasks are compared, and the drafts up to it. */
export interface Origin {
  readonly round: number | null;
  readonly embedding: TaskEmbedding | null;
  /** The rejected drafts of its place, then the one that became it; absent: none are stored. */
  readonly drafts?: readonly AskedDraft[];
}

/** Stores one task. Throws PlayactError("store") for a second one at the same place. */
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
        "INSERT INTO task (run, step, purpose, position, name, kind, domain, toolset, level, body, round, drift) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      )
      .run(
        ...[writer.run.id, place.step, place.purpose, place.index],
        ...[task.id, taskKind(task), task.domain, task.toolset, task.level, JSON.stringify(task)],
        origin?.round ?? null,
        task.drift === undefined ? null : JSON.stringify(task.drift),
      );
    if (origin?.embedding) insertEmbedding(database, lastInsertRowid, origin.embedding);
    insertDrafts(database, { run: writer.run.id, step: place.step, purpose: place.purpose }, origin?.drafts ?? []);
  });
}

/** The stored tasks of a step by index; some may be missing if drawing was interrupted. */
export function loadTasks(store: Store, run: RunRow, step: number, purpose: Purpose): Map<number, Task> {
  const rows = store.database
    .prepare<[number, number, string], { position: number; body: string }>(
      "SELECT position, body FROM task WHERE run = ? AND step = ? AND purpose = ? ORDER BY position",
    )
    .all(run.id, step, purpose);
  // written by saveTask from a Task; the store's content is trusted
  return new Map(rows.map((row) => [row.position, JSON.parse(row.body) as Task]));
}

/** The rounds of drafts that the stored tasks of a series came from. */
export function roundsOf(store: Store, run: RunRow, step: number, purpose: Purpose): number[] {
  return store.database
    .prepare<[number, number, string], number>(
      "SELECT DISTINCT round FROM task WHERE run = ? AND step = ? AND purpose = ? AND round IS NOT NULL ORDER BY round",
    )
    .pluck()
    .all(run.id, step, purpose);
}

/** Toolset and, of a task set, the task of each training task and demonstration of a run; each once. */
export function trainedOn(
  store: Store,
  run: Pick<RunRow, "id">,
): readonly { readonly domain: string; readonly toolset: string; readonly inSet: string | null }[] {
  return store.database
    .prepare<[number], { domain: string; toolset: string; inSet: string | null }>(
      `SELECT DISTINCT domain, toolset, body ->> '$.inSet' AS inSet FROM task
       WHERE run = ? AND purpose IN ('train', 'demonstration')`,
    )
    .all(run.id);
}

/** Throws PlayactError("store") if training data is written to a step that is not open. */
export function assertOpen(database: Database, run: RunRow, step: number, purpose: Purpose): void {
  if (!isTraining(purpose)) return;
  const open = database.prepare("SELECT 1 FROM step WHERE run = ? AND number = ? AND closed_at IS NULL").get(run.id, step);
  if (open === undefined)
    throw new PlayactError("store", `Step ${step} of run ${run.name} is not open: nothing can be added to it.`);
}
