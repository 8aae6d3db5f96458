// A copy of the store beside it, before something is done to it that cannot be undone.
import { readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Database } from "better-sqlite3";
import { isAlive } from "../alive.ts";

/**
 * Copies the store to `target`, whole or not at all, and removes the drafts of processes that were killed while they did.
 * @param isWanted asked when the copy is whole; false: it is not kept
 */
export function backUp(database: Database, target: string, isWanted: () => boolean = () => true): void {
  const draft = `${target}.${process.pid}.tmp`;
  for (const left of draftsLeft(target)) rmSync(left, { force: true }); // VACUUM INTO rejects an existing file
  try {
    database.prepare("VACUUM INTO ?").run(draft);
    if (isWanted()) renameSync(draft, target);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Drafts, and their journals, that no other process is writing. */
function draftsLeft(target: string): readonly string[] {
  const folder = dirname(target);
  return readdirSync(folder).flatMap((name) => {
    if (!name.startsWith(`${basename(target)}.`)) return [];
    const [, pid] = /^\.(\d+)\.tmp(?:-journal)?$/.exec(name.slice(basename(target).length)) ?? [];
    const isOthers = pid === undefined || (Number(pid) !== process.pid && isAlive(Number(pid)));
    return isOthers ? [] : [join(folder, name)];
  });
}
