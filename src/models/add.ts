// Brings a model onto this disk: by name from the manifest's sources, or from the hub with its hash pinned at the first
// time. A model by path is there already; it is checked like the others.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PlayactError } from "../errors.ts";
import { parseAddress, shardsOf } from "./address.ts";
import { download, type ReportBytes } from "./download.ts";
import { fetchCommand, fetchTogether, getModel } from "./fetch.ts";
import { hubRepoFolder } from "./folder.ts";
import { findOnDisk, type Model, pinnedFiles } from "./model.ts";
import { type Pin, readPin, writePin } from "./pins.ts";
import { hashOf } from "./verified.ts";

/** @throws PlayactError("model" | "disk" | "environment") in one sentence */
export async function addModel(text: string, onProgress: ReportBytes = () => {}): Promise<Model> {
  const address = parseAddress(text);
  if (address.kind === "name") await getModel(address.name, onProgress);
  if (address.kind === "hub") {
    const { repo, file } = address;
    for (const one of shardsOf(file))
      if (readPin(repo, one) === null) writePin(await firstFetch({ repo, file: one }, onProgress));
    const files = pinnedFiles(address);
    if (files !== null) await fetchTogether(files, onProgress);
  }
  return findOnDisk(text);
}

/** What the hub has now; where it does not answer, what its cache has of it. */
async function firstFetch({ repo, file }: Pick<Pin, "repo" | "file">, onProgress: ReportBytes): Promise<Pin> {
  const source = { kind: "hub", repo, file } as const;
  const result = await download({ sha256: null, bytes: null }, source, { target: "", force: false, onProgress });
  if (result.state === "done") {
    const bytes = (await hashOf(result.path))?.bytes ?? 0;
    return { repo, file, bytes, sha256: result.sha256 };
  }
  if (result.code === "disk") throw new PlayactError("disk", `${result.text}. Make room, or set HF_HUB_CACHE.`);
  const cached = result.code === "unreachable" ? await hashOf(cachedPath(repo, file)) : null;
  if (cached !== null) return { repo, file, bytes: cached.bytes, sha256: cached.sha256 };
  const [name, remedy] = [`hf:${repo}/${file}`, result.code === "missing" ? "Check the address" : "Check the network"];
  throw new PlayactError(
    "model",
    `The model ${name} could not be fetched (Hugging Face hub, ${repo}: ${result.text}). ${remedy}, then: ${fetchCommand(name)}`,
  );
}

/** Of the newest commit that the hub's cache knows. */
function cachedPath(repo: string, file: string): string {
  const folder = hubRepoFolder(repo);
  let commit = "none";
  try {
    commit = readFileSync(join(folder, "refs", "main"), "utf8").trim();
  } catch {
    // nothing of the repository was ever fetched
  }
  return join(folder, "snapshots", commit, file);
}
