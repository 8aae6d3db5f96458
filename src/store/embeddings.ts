// Embeddings of tasks' first messages, stored so that a resumed run rejects the same drafts. tasks/novelty.ts decides what is
// too similar.
import type { Database } from "better-sqlite3";
import { isTraining } from "../tasks/held-out.ts";
import type { Purpose } from "../types.ts";
import { packVector, unpackVector } from "./blobs.ts";
import type { RunRow } from "./run-row.ts";
import type { Store } from "./store.ts";

export interface TaskEmbedding {
  /** Embedding of the first message, a unit vector. */
  readonly vector: Float32Array;
  /** Highest cosine to earlier tasks; null if there was none. */
  readonly closest: number | null;
}

/** The embedding of a stored task, with its Task.id. */
export interface StoredVector {
  readonly name: string;
  readonly vector: Float32Array;
}

interface Series {
  readonly step: number;
  readonly purpose: Purpose;
}

/** Inserts the embedding of a task (by row id), inside the transaction that stores the task. */
export function insertEmbedding(database: Database, task: number | bigint, { vector, closest }: TaskEmbedding): void {
  database.prepare("INSERT INTO task_embedding (task, vector, closest) VALUES (?, ?, ?)").run(task, packVector(vector), closest);
}

/**
 * What is drawn to train on is compared with all held-out tasks, and with up to `most` last tasks of earlier steps, oldest first.
 * @param series one to train on; before a held-out one there is nothing
 */
export function vectorsBefore(store: Store, run: RunRow, { step, purpose }: Series, most: number): StoredVector[] {
  if (!isTraining(purpose)) return [];
  const held = read(store, "run = @run AND purpose IN ('evaluation', 'selection') ORDER BY task.id", { run: run.id });
  const earlier = "run = @run AND step < @step AND purpose IN ('train', 'demonstration') ORDER BY task.id DESC LIMIT @most";
  return [...held, ...read(store, earlier, { run: run.id, step, most }).reverse()];
}

/** The vectors of a series itself, in the order in which the tasks were accepted. */
export function vectorsOf(store: Store, run: RunRow, series: Series): StoredVector[] {
  return read(store, "run = @run AND step = @step AND purpose = @purpose ORDER BY task.id", {
    run: run.id,
    step: series.step,
    purpose: series.purpose,
  });
}

/** Highest cosine of each task of a series to earlier tasks, for tasks that had earlier ones. */
export function closestOfSeries(store: Store, run: RunRow, series: Series): number[] {
  return store.database
    .prepare<[number, number, string], number>(
      `SELECT closest FROM task_embedding JOIN task ON task.id = task_embedding.task
       WHERE run = ? AND step = ? AND purpose = ? AND closest IS NOT NULL ORDER BY task.id`,
    )
    .pluck()
    .all(run.id, series.step, series.purpose);
}

function read(store: Store, where: string, values: Readonly<Record<string, string | number>>): StoredVector[] {
  return store.database
    .prepare<[typeof values], { name: string; vector: Buffer }>(
      `SELECT name, vector FROM task_embedding JOIN task ON task.id = task_embedding.task WHERE ${where}`,
    )
    .all(values)
    .map(({ name, vector }) => ({ name, vector: unpackVector(vector) }));
}
