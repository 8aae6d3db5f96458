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

/** @throws PlayactError("disk") if `folder` has less than `bytes` */
export async function needSpace(what: string, bytes: number, folder: string, advice: string): Promise<void> {
  const free = await freeBytes(folder);
  if (free >= bytes) return;
  const [needs, has] = [bytes, free].map((size) => `${(size / 1e9).toFixed(1)} GB`);
  throw new PlayactError("disk", `${what} needs ${needs} in ${folder}, ${has} are free. ${advice}`);
}
