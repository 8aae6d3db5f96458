// Writes a checkpoint so that it is there whole or not at all: into a folder of its own, made durable by the learner, then
// renamed. Its row is committed by closeStep; a folder without a row does not count.
import { readdir, rename, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { SavedAdapter } from "./learner/learner.ts";
import type { Session } from "./session.ts";
import { forgetCheckpoint, listCheckpoints } from "./store/checkpoints.ts";

export interface SavedCheckpoint {
  /** GGUF adapter in its final place, and its content hash. */
  readonly gguf: string;
  readonly hash: string;
  /** What closeStep commits. */
  readonly row: { readonly folder: string; readonly adapterHash: string; readonly files: SavedAdapter["files"] };
}

/** Saves the learner's state to `folder` (left-overs of an interrupted save are removed) by way of `folder`.tmp. */
export async function saveCheckpoint(session: Session, folder: string): Promise<SavedCheckpoint> {
  const temporary = `${folder}.tmp`;
  await rm(temporary, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
  const saved = await session.learner.save(temporary);
  await rename(temporary, folder);
  return {
    gguf: join(folder, relative(temporary, saved.gguf)),
    hash: saved.hash,
    row: { folder: relative(homeOf(session), folder), adapterHash: saved.hash, files: saved.files },
  };
}

/** Removes all but the newest checkpoints, the row before the files. */
export async function removeOldCheckpoints(session: Session): Promise<void> {
  const all = [...listCheckpoints(session.writer.store, session.writer.run)].sort((a, b) => b.step - a.step);
  for (const old of all.slice(session.config.keepCheckpoints + 1)) {
    forgetCheckpoint(session.writer, old.step);
    await rm(join(homeOf(session), old.folder), { recursive: true, force: true });
  }
}

/** Path of the GGUF adapter in a checkpoint's folder. */
export async function adapterIn(folder: string): Promise<string | null> {
  const name = (await readdir(folder)).find((file) => file.endsWith(".gguf"));
  return name === undefined ? null : join(folder, name);
}

/** runs/<name> lies in the home folder; checkpoint rows are relative to it, so that a home can be moved. */
function homeOf(session: Session): string {
  return dirname(dirname(session.folder));
}
