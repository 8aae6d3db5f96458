// Steps: opened, filled with trajectories, and closed once, with metrics, advantages, level and checkpoint in one durable
// transaction, so that after a kill a step is either open with all its finished episodes or completely closed.
import type { Database } from "better-sqlite3";
import { PlayactError } from "../errors.ts";
import { byMessage, learntMembers, type ScoredGroup } from "../reward/assign.ts";
import { packLogprobs } from "./blobs.ts";
import { type Checkpoint, insertCheckpoint, readCheckpoint } from "./checkpoints.ts";
import { type Writer, write } from "./lease.ts";
import type { RunRow } from "./run-row.ts";
import type { Store } from "./store.ts";

export interface OpenStep {
  readonly number: number;
  readonly level: number;
  readonly policyVersion: number;
}

export interface ClosedStep extends OpenStep {
  readonly nextLevel: number;
  readonly nextPolicyVersion: number;
  /** The checkpoint of this step; null if none was made or it has been removed. */
  readonly checkpoint: Checkpoint | null;
}

/** Numbers by any name: older stores have names that run/metric-list.ts does not. */
export type StoredMetrics = Readonly<Record<string, number>>;

/** A message of a stored trajectory: the row id of the trajectory, and the index of the message in it. */
export interface MessagePlace {
  readonly trajectoryId: number;
  readonly message: number;
}

export interface LearnedLogprobs extends MessagePlace {
  readonly logprobs: readonly number[];
}

export interface Closing {
  readonly nextLevel: number;
  readonly nextPolicyVersion: number;
  readonly metrics: StoredMetrics;
  readonly checkpoint: Omit<Checkpoint, "step"> | null;
  /** The groups of the step, whose advantages are stored; the warm-up has none. */
  readonly groups?: readonly ScoredGroup[];
  /** Log-probs, one per id, for trained messages that were saved without (demonstrations). */
  readonly learnerLogprobs?: readonly LearnedLogprobs[];
}

/** Opens a step. Throws PlayactError("store") if another one is open or the number is not higher than all before. */
export function openStep(
  writer: Writer,
  number: number,
  start: { readonly level: number; readonly policyVersion: number },
): void {
  write(writer, (database) => {
    const last = database
      .prepare<[number], number | null>("SELECT max(number) FROM step WHERE run = ?")
      .pluck()
      .get(writer.run.id);
    if (last !== undefined && last !== null && number <= last) {
      throw new PlayactError("store", `Step ${number} of run ${writer.run.name} cannot be opened: step ${last} already exists.`);
    }
    database
      .prepare("INSERT INTO step (run, number, level, policy_version, opened_at) VALUES (?, ?, ?, ?, ?)")
      .run(writer.run.id, number, start.level, start.policyVersion, new Date().toISOString());
  });
}

/** The step that is still open, or null. */
export function openStepOf(store: Store, run: Pick<RunRow, "id">): OpenStep | null {
  const row = store.database
    .prepare<[number], OpenStep>(
      "SELECT number, level, policy_version AS policyVersion FROM step WHERE run = ? AND closed_at IS NULL",
    )
    .get(run.id);
  return row ?? null;
}

/** The last closed step, or null before the first. */
export function lastClosedStep(store: Store, run: Pick<RunRow, "id">): ClosedStep | null {
  return readClosed(store, run, "ORDER BY number DESC LIMIT 1");
}

/** A closed step by its number, or null. */
export function closedStep(store: Store, run: Pick<RunRow, "id">, number: number): ClosedStep | null {
  return readClosed(store, run, "AND number = ?", number);
}

function readClosed(store: Store, run: Pick<RunRow, "id">, clause: string, ...values: readonly number[]): ClosedStep | null {
  const row = store.database
    .prepare<number[], Omit<ClosedStep, "checkpoint">>(
      `SELECT number, level, policy_version AS policyVersion, next_level AS nextLevel, next_policy_version AS nextPolicyVersion
       FROM step WHERE run = ? AND closed_at IS NOT NULL ${clause}`,
    )
    .get(run.id, ...values);
  return row === undefined ? null : { ...row, checkpoint: readCheckpoint(store, run, row.number) };
}

/**
 * Closes a step in one durable transaction (synchronous FULL). Throws PlayactError("store") and writes nothing if the step is
 * not open, or if an advantage or log-probs belong to no trained message of this step.
 */
export function closeStep(writer: Writer, number: number, closing: Closing): void {
  const durable = true;
  write(
    writer,
    (database) => {
      const { changes } = database
        .prepare(
          `UPDATE step SET next_level = ?, next_policy_version = ?, closed_at = ?
           WHERE run = ? AND number = ? AND closed_at IS NULL`,
        )
        .run(closing.nextLevel, closing.nextPolicyVersion, new Date().toISOString(), writer.run.id, number);
      if (changes !== 1)
        throw new PlayactError("store", `Step ${number} of run ${writer.run.name} is not open: a step can be closed only once.`);
      insertMetrics(database, writer.run.id, number, closing.metrics);
      for (const { value, ...place } of (closing.groups ?? []).flatMap(advantagesOf))
        setOnMessage(database, writer.run, number, place, "advantage", value);
      for (const { logprobs, ...place } of closing.learnerLogprobs ?? []) {
        setOnMessage(database, writer.run, number, place, "logprobs", packLogprobs(logprobs));
      }
      if (closing.checkpoint !== null) insertCheckpoint(database, writer.run.id, { ...closing.checkpoint, step: number });
    },
    durable,
  );
}

function advantagesOf(group: ScoredGroup): (MessagePlace & { readonly value: number })[] {
  return learntMembers(group).flatMap(({ id }, member) => byMessage(group, member).map((one) => ({ ...one, trajectoryId: id })));
}

/** Metrics of a step by name; empty if it has none. */
export function metricsOf(store: Store, run: RunRow, step: number): StoredMetrics {
  const rows = store.database
    .prepare<[number, number], { name: string; value: number }>(
      "SELECT name, value FROM metric WHERE run = ? AND step = ? AND value IS NOT NULL",
    )
    .all(run.id, step);
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

/**
 * For a run that falls back to an older checkpoint: reopens the step after `number` with its tasks and trajectories (its update
 * is repeated with the same data) and deletes all later steps, and what their policies played in evaluations: these policies no
 * longer exist.
 */
export function reopenAfter(writer: Writer, number: number): void {
  const durable = true;
  write(
    writer,
    (database) => {
      const reopened = number + 1;
      const values = { run: writer.run.id, reopened };
      for (const statement of forget) database.prepare(statement).run(values);
      for (const { table, column } of referencing(database, "trajectory"))
        database.prepare(`DELETE FROM ${table} WHERE ${column} IN (${laterTrajectories})`).run(values);
      database.prepare(`DELETE FROM trajectory WHERE id IN (${laterTrajectories})`).run(values);
      for (const { table, column } of referencing(database, "task"))
        database.prepare(`DELETE FROM ${table} WHERE ${column} IN (${laterTasks})`).run(values);
      for (const statement of reopen) database.prepare(statement).run(values);
    },
    durable,
  );
}

// held-out tasks belong to no step and stay
const laterTasks = "SELECT id FROM task WHERE run = @run AND step > @reopened AND purpose IN ('train', 'demonstration')";
const laterPhase = (column: string) => `${column} LIKE 'step %' AND CAST(substr(${column}, 6) AS INTEGER) >= @reopened`;
const laterTrajectories = `SELECT id FROM trajectory WHERE task IN (${laterTasks})
  OR (task IN (SELECT id FROM task WHERE run = @run AND purpose IN ('evaluation', 'selection')) AND ${laterPhase("phase")})`;
const reopenedTasks = "SELECT id FROM task WHERE run = @run AND step = @reopened AND purpose IN ('train', 'demonstration')";
const forget: readonly string[] = [
  "DELETE FROM checkpoint WHERE run = @run AND step >= @reopened",
  // a row is of an adapter: one that another run has gone on from is that run's from here on
  `UPDATE benchmark SET (run, step) = (SELECT run, step FROM checkpoint WHERE adapter_hash = benchmark.adapter ORDER BY run, step LIMIT 1)
   WHERE run = @run AND step >= @reopened AND adapter IN (SELECT adapter_hash FROM checkpoint)`,
  "DELETE FROM benchmark WHERE run = @run AND step >= @reopened",
  "DELETE FROM metric WHERE run = @run AND step >= @reopened",
  `DELETE FROM evaluation_metric WHERE run = @run AND ${laterPhase("phase")}`,
  "DELETE FROM failure WHERE run = @run AND step > @reopened AND trajectory IS NULL",
  "DELETE FROM exchange WHERE run = @run AND step > @reopened AND trajectory IS NULL AND purpose IN ('train', 'demonstration')",
];
const reopen: readonly string[] = [
  "DELETE FROM task WHERE run = @run AND step > @reopened AND purpose IN ('train', 'demonstration')",
  "DELETE FROM step WHERE run = @run AND number > @reopened",
  `UPDATE message SET advantage = NULL WHERE trajectory IN (SELECT id FROM trajectory WHERE task IN (${reopenedTasks}))`,
  "UPDATE step SET closed_at = NULL, next_level = NULL, next_policy_version = NULL WHERE run = @run AND number = @reopened",
];

/** The columns of the schema that refer to a table: what is deleted there must go with it. */
function referencing(database: Database, table: string): { readonly table: string; readonly column: string }[] {
  return database
    .prepare<[string], { table: string; column: string }>(
      `SELECT schema.name AS "table", key."from" AS "column" FROM sqlite_schema AS schema, pragma_foreign_key_list(schema.name) AS key
       WHERE schema.type = 'table' AND key."table" = ?`,
    )
    .all(table);
}

function insertMetrics(database: Database, run: number, step: number, metrics: StoredMetrics): void {
  const insert = database.prepare("INSERT OR REPLACE INTO metric (run, step, name, value) VALUES (?, ?, ?, ?)");
  for (const [name, value] of Object.entries(metrics)) insert.run(run, step, name, Number.isFinite(value) ? value : null);
}

function setOnMessage(
  database: Database,
  run: RunRow,
  step: number,
  place: MessagePlace,
  column: "advantage" | "logprobs",
  value: number | Buffer,
): void {
  // the sampler's behaviour log-probs are never overwritten: only missing ones are filled in
  const missing = column === "logprobs" ? "AND logprobs IS NULL" : "";
  const { changes } = database
    .prepare(
      `UPDATE message SET ${column} = ? WHERE trajectory = ? AND position = ? AND trained = 1 ${missing}
       AND trajectory IN (SELECT trajectory.id FROM trajectory JOIN task ON task.id = trajectory.task WHERE run = ? AND step = ?)`,
    )
    .run(value, place.trajectoryId, place.message, run.id, step);
  if (changes === 1) return;
  throw new PlayactError(
    "store",
    `Message ${place.message} of trajectory ${place.trajectoryId} cannot get ${column}: it is not a trained message of step ${step} of run ${run.name}${missing && ", or already has them"}.`,
  );
}
