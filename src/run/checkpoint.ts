// Writes a checkpoint so that it is there whole or not at all: into a folder of its own, made durable by the learner, then
// renamed. Its row is committed by closeStep; a folder without a row does not count. A folder's name holds the token of its
// writer, so that a process that lost the run and wakes up late writes beside what its successor wrote, never over it.
import { open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { SavedAdapter } from "../learner/learner.ts";
import { checkpointFolder, forgetCheckpoint, listCheckpoints } from "../store/checkpoints.ts";
import { assertWriting } from "../store/lease.ts";
import { commit } from "./commit.ts";
import type { Session } from "./session.ts";

export interface SavedCheckpoint {
  /** GGUF adapter in its final place, and its content hash. */
  readonly gguf: string;
  readonly hash: string;
  /** What closeStep commits. */
  readonly row: { readonly folder: string; readonly adapterHash: string; readonly files: SavedAdapter["files"] };
}

/** What saving needs of a session. */
export type Saving = Pick<Session, "writer" | "learner" | "folder" | "progress" | "signal">;

/** Saves the learner's state after a step, durably; a full disk is waited for. Throws where the run has another writer. */
export async function saveCheckpoint(session: Saving, step: number): Promise<SavedCheckpoint> {
  const { writer, learner } = session;
  const folder = join(session.folder, `checkpoint-${step}.${writer.token.slice(0, 8)}`);
  const temporary = `${folder}.tmp`;
  const saved = await commit(session, async () => {
    await rm(temporary, { recursive: true, force: true }); // half of a save that a full disk ended
    return learner.save(temporary);
  });
  assertWriting(writer);
  await rename(temporary, folder);
  await syncFolder(session.folder);
  return {
    gguf: join(folder, relative(temporary, saved.gguf)),
    hash: saved.hash,
    // relative to the store's folder, so that a home can be moved
    row: { folder: relative(dirname(writer.store.path), folder), adapterHash: saved.hash, files: saved.files },
  };
}

/** Removes all but the newest checkpoints. */
export async function removeOldCheckpoints(session: Session): Promise<void> {
  const { writer, config } = session;
  for (const old of listCheckpoints(writer.store, writer.run).slice(config.keepCheckpoints + 1)) {
    const folder = checkpointFolder(writer.store, old);
    const doomed = `${folder}.tmp`; // a kill from here on leaves what every start may remove
    assertWriting(writer);
    await rename(folder, doomed).catch(() => undefined); // gone already, by a kill or by hand
    await commit(session, () => forgetCheckpoint(writer, old.step));
    await rm(doomed, { recursive: true, force: true });
  }
}

/** Path of the GGUF adapter in a checkpoint's folder. */
export async function adapterIn(folder: string): Promise<string | null> {
  const name = (await readdir(folder)).find((file) => file.endsWith(".gguf"));
  return name === undefined ? null : join(folder, name);
}

/** A rename is on the disk when its folder is: without this a power cut may leave a row that names no folder. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}
