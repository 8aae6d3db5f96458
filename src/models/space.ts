// Free disk space, checked before a step uses it.
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { PlayactError } from "../errors.ts";

/** Free bytes on the disk of `folder`, which may not exist yet. */
export async function freeBytes(folder: string): Promise<number> {
  const disk = await statfs(folder).catch(() => null);
  if (disk !== null) return disk.bavail * disk.bsize;
  return folder === dirname(folder) ? 0 : freeBytes(dirname(folder));
}

/** "needs 2.0 GB in /models, 1.0 GB are free"; null if `folder` has room for `bytes`. */
export async function shortageOf(bytes: number, folder: string): Promise<string | null> {
  const free = await freeBytes(folder);
  if (free >= bytes) return null;
  const [needs, has] = [bytes, free].map((size) => `${(size / 1e9).toFixed(1)} GB`);
  return `needs ${needs} in ${folder}, ${has} are free`;
}

/** @throws PlayactError("disk") if `folder` has less than `bytes` */
export async function needSpace(what: string, bytes: number, folder: string, advice: string): Promise<void> {
  const shortage = await shortageOf(bytes, folder);
  if (shortage !== null) throw new PlayactError("disk", `${what} ${shortage}. ${advice}`);
}
