// Whether a file is the model in the manifest. Hashing 1.6 GB takes seconds, so the result is cached with size and modification
// time; a file that changed in either is hashed again.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
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

/** Compares a file with the manifest's bytes and SHA-256; caches a right one under models/.verified. */
export async function prove(model: ModelFile, path: string): Promise<Proof> {
  const found = await stat(path).catch(() => null);
  if (found === null) return { state: "absent" };
  if (found.size !== model.bytes) return { state: "wrong", got: "" };
  const now: Record = { path, bytes: found.size, mtimeMs: found.mtimeMs, sha256: model.sha256 };
  const known = await readRecord(model);
  if (known !== null && isSame(known, now)) return { state: "right" };
  const got = await sha256(path);
  if (got !== model.sha256) return { state: "wrong", got };
  await writeRecord(model, now);
  return { state: "right" };
}

function isSame(a: Record, b: Record): boolean {
  return a.path === b.path && a.bytes === b.bytes && a.mtimeMs === b.mtimeMs && a.sha256 === b.sha256;
}

function recordPath(model: ModelFile): string {
  return join(modelsFolder(), ".verified", `${model.file}.json`);
}

async function readRecord(model: ModelFile): Promise<Record | null> {
  const text = await readFile(recordPath(model), "utf8").catch(() => null);
  if (text === null) return null;
  try {
    return record.parse(JSON.parse(text));
  } catch {
    return null; // a damaged cache file only costs another hash
  }
}

async function writeRecord(model: ModelFile, now: Record): Promise<void> {
  const path = recordPath(model);
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
