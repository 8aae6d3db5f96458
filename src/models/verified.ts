// The SHA-256 of a file, and whether it is the expected one. Hashing 5 GB takes seconds, so a hash is cached with the file's size
// and modification time; a file that changed in either is hashed again.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { modelsFolder } from "./folder.ts";
import type { ModelFile } from "./manifest.ts";

const record = z.object({ path: z.string(), bytes: z.number(), mtimeMs: z.number(), sha256: z.string() });
type Record = z.output<typeof record>;

/** The state of a file: absent, right, or wrong with its hash ("" if the size already differs). */
export type Proof =
  | { readonly state: "absent" }
  | { readonly state: "right" }
  | { readonly state: "wrong"; readonly got: string };

/** Compares a file with its expected bytes and SHA-256. */
export async function prove(model: Pick<ModelFile, "bytes" | "sha256">, path: string): Promise<Proof> {
  const found = await stat(path).catch(() => null);
  if (found === null) return { state: "absent" };
  if (found.size !== model.bytes) return { state: "wrong", got: "" };
  const got = (await hashOf(path))?.sha256;
  return got === model.sha256 ? { state: "right" } : { state: "wrong", got: got ?? "" };
}

/** Size and SHA-256 of a file, from models/.verified if it is unchanged; null if there is none. */
export async function hashOf(path: string): Promise<{ readonly bytes: number; readonly sha256: string } | null> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile()) return null;
  const known = await readRecord(path);
  if (known?.path === path && known.bytes === found.size && known.mtimeMs === found.mtimeMs) return known;
  const now: Record = { path, bytes: found.size, mtimeMs: found.mtimeMs, sha256: await sha256(path) };
  await writeRecord(now);
  return now;
}

/** Of the path, so that files of one name in two folders do not take turns. */
function recordPath(path: string): string {
  const place = createHash("sha256").update(path).digest("hex").slice(0, 12);
  return join(modelsFolder(), ".verified", `${basename(path)}.${place}.json`);
}

async function readRecord(path: string): Promise<Record | null> {
  const text = await readFile(recordPath(path), "utf8").catch(() => null);
  if (text === null) return null;
  try {
    return record.parse(JSON.parse(text));
  } catch {
    return null; // a damaged cache file only costs another hash
  }
}

async function writeRecord(now: Record): Promise<void> {
  const path = recordPath(now.path);
  const partial = `${path}.${process.pid}.part`;
  try {
    await mkdir(join(modelsFolder(), ".verified"), { recursive: true });
    await writeFile(partial, JSON.stringify(now));
    await rename(partial, path);
  } catch {
    // A models folder that is not writable (a shared one) only costs another hash at the next start.
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const block of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(block);
  return hash.digest("hex");
}
