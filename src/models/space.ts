// Room on a disk, asked before a step fills it.
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { PlayactError } from "../errors.ts";

/** Bytes free on the disk where `folder` is, or will be made. */
export async function freeBytes(folder: string): Promise<number> {
  const disk = await statfs(folder).catch(() => null);
  if (disk !== null) return disk.bavail * disk.bsize;
  return folder === dirname(folder) ? 0 : freeBytes(dirname(folder));
}

/** @throws PlayactError("disk") where `folder` has less than `bytes` */
export async function needSpace(what: string, bytes: number, folder: string, advice: string): Promise<void> {
  const free = await freeBytes(folder);
  if (free >= bytes) return;
  const [needs, has] = [bytes, free].map((size) => `${(size / 1e9).toFixed(1)} GB`);
  throw new PlayactError("disk", `${what} needs ${needs} in ${folder}, ${has} are free. ${advice}`);
}
