// Checkpoints in the store: a row with the folder and the sha256 of each file. A folder without a row, or whose files do not
// match, does not count. The folders are written by run/checkpoint.ts and cleaned up by run/tidy.ts.
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Database } from "better-sqlite3";
import { describe, PlayactError } from "../errors.ts";
import { type Writer, write } from "./lease.ts";
import type { RunRow } from "./run-row.ts";
import type { Store } from "./store.ts";

export interface Checkpoint {
  readonly step: number;
  /** Relative to the folder of the store's file (a home folder can be moved), or absolute. */
  readonly folder: string;
  readonly adapterHash: string;
  /** sha256 (hex) by file path relative to the folder. */
  readonly files: Readonly<Record<string, string>>;
}

/** Absolute path of a checkpoint's folder. */
export function checkpointFolder(store: Store, checkpoint: Checkpoint): string {
  return resolve(dirname(store.path), checkpoint.folder);
}

/** Absolute path of a checkpoint's GGUF adapter, by its list of files: a user may have put others beside it. Null: it lists none. */
export function adapterFile(store: Store, checkpoint: Checkpoint): string | null {
  const gguf = Object.keys(checkpoint.files).find((name) => name.endsWith(".gguf"));
  return gguf === undefined ? null : join(checkpointFolder(store, checkpoint), gguf);
}

/** All checkpoints of a run, latest first. */
export function listCheckpoints(store: Store, run: Pick<RunRow, "id">): readonly Checkpoint[] {
  return select(store.database, "WHERE run = ? ORDER BY step DESC", run.id);
}

/** The checkpoint of one step, or null. */
export function readCheckpoint(store: Store, run: Pick<RunRow, "id">, step: number): Checkpoint | null {
  return select(store.database, "WHERE run = ? AND step = ?", run.id, step)[0] ?? null;
}

/**
 * The newest checkpoint whose files all exist and match their sha256, or null, with a sentence for each skipped one. Reads
 * every byte of the files. Throws as checkpointFault does.
 */
export async function verifyCheckpoint(
  store: Store,
  run: RunRow,
): Promise<{ readonly checkpoint: Checkpoint | null; readonly skipped: readonly string[] }> {
  const skipped: string[] = [];
  for (const checkpoint of listCheckpoints(store, run)) {
    const fault = await checkpointFault(store, checkpoint);
    if (fault === null) return { checkpoint, skipped };
    skipped.push(`The checkpoint of step ${checkpoint.step} is not used: ${fault}.`);
  }
  return { checkpoint: null, skipped };
}

/** Steps of a run that another run is to go on from and has not yet: it has closed no step of its own. */
export function awaitedSteps(store: Store, { name }: Pick<RunRow, "name">): readonly number[] {
  return store.database
    .prepare<[{ readonly name: string }], number>(
      `SELECT DISTINCT cast(substr(child.config ->> '$.policy.adapter', length(@name) + 2) AS INTEGER) FROM run AS child
       WHERE substr(child.config ->> '$.policy.adapter', 1, length(@name) + 1) = @name || '@'
         AND NOT EXISTS (SELECT 1 FROM step WHERE step.run = child.id AND closed_at IS NOT NULL)`,
    )
    .pluck()
    .all({ name });
}

/** Deletes a checkpoint's row. */
export function forgetCheckpoint(writer: Writer, step: number): void {
  write(writer, (database) => {
    database.prepare("DELETE FROM checkpoint WHERE run = ? AND step = ?").run(writer.run.id, step);
  });
}

/** Absolute paths of the folders in `parent` (the folder with this run's checkpoints) that have no row. */
export function strayFolders(store: Store, run: RunRow, parent: string): readonly string[] {
  if (!existsSync(parent)) return [];
  const known = new Set(listCheckpoints(store, run).map((checkpoint) => checkpointFolder(store, checkpoint)));
  const folders = readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map((entry) => resolve(parent, entry.name)).filter((folder) => !known.has(folder));
}

/** Inserts the row, inside the transaction that closes its step. */
export function insertCheckpoint(database: Database, run: number, checkpoint: Checkpoint): void {
  database
    .prepare("INSERT INTO checkpoint (run, step, folder, adapter_hash, files, created_at) VALUES (?, ?, ?, ?, ?, ?)")
    .run(
      ...[run, checkpoint.step, checkpoint.folder, checkpoint.adapterHash],
      ...[JSON.stringify(checkpoint.files), new Date().toISOString()],
    );
}

function select(database: Database, clause: string, ...values: readonly number[]): readonly Checkpoint[] {
  const rows = database
    .prepare<number[], Omit<Checkpoint, "files"> & { files: string }>(
      `SELECT step, folder, adapter_hash AS adapterHash, files FROM checkpoint ${clause}`,
    )
    .all(...values);
  return rows.map((row) => ({ ...row, files: JSON.parse(row.files) }));
}

/**
 * The first file of a checkpoint that is missing or changed, in words; null if it is whole. Reads every byte. What a disk refuses for
 * now says nothing of the file: a run that took it for damage would play its later steps again.
 * @throws PlayactError("disk") if a file cannot be read
 */
export async function checkpointFault(store: Store, checkpoint: Checkpoint): Promise<string | null> {
  const folder = checkpointFolder(store, checkpoint);
  for (const [name, expected] of Object.entries(checkpoint.files)) {
    const path = join(folder, name);
    try {
      const hash = createHash("sha256");
      await pipeline(createReadStream(path), hash);
      if (hash.digest("hex") !== expected) return `${path} was changed after it was saved (its sha256 differs)`;
    } catch (thrown) {
      const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
      if (code === "ENOENT" || code === "ENOTDIR") return `${path} is missing`;
      if (code === "EISDIR") return `${path} is a folder`;
      throw new PlayactError(
        "disk",
        `${path} cannot be read (${describe(thrown)}). Check the disk and the file's permissions, then repeat the command; nothing was changed. If it can never be read again, remove it: the run then goes back to the checkpoint before.`,
        { cause: thrown },
      );
    }
  }
  return null;
}
