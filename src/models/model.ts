// A language model as a run uses it: from a reference to files on this disk that are whole and the right ones, and to what their
// header says. Nothing is downloaded here (add.ts).
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { PlayactError } from "../errors.ts";
import { factsOf, type ModelFacts, type ModelHeader } from "./facts.ts";
import { fetchCommand, filesAt, placesOf } from "./fetch.ts";
import { readGguf } from "./gguf.ts";
import { filesOf, findLanguageModel, type LanguageModel, type ModelFile } from "./manifest.ts";
import { flatName, readPin } from "./pins.ts";
import { type ModelReference, parseReference, shardsOf, shortName } from "./reference.ts";
import { hashOf } from "./verified.ts";

export interface Model extends ModelHeader {
  readonly reference: ModelReference;
  /** Short, for people and adapters. */
  readonly name: string;
  /** What engine and learner open: the only file, or the first of several. */
  readonly path: string;
  readonly paths: readonly string[];
  /** Of the file; of several, the SHA-256 of their hashes in hex, in order. */
  readonly sha256: string;
  /** As its model card counts them, if the manifest names it; else the numbers in its file. */
  readonly parameters: number;
  /** What the manifest says of it; null for a model by path or address. */
  readonly entry: LanguageModel | null;
}

/**
 * Finds the model of a reference ("qwen3-8b", "./model.gguf", "hf:…") on this disk, reads its header, and hashes its files if
 * they are new.
 * @throws PlayactError("model") in one sentence, with the command that fetches it if it is missing
 */
export async function findOnDisk(text: string): Promise<Model> {
  const reference = parseReference(text);
  const entry = reference.kind === "name" ? findLanguageModel(reference.name) : null;
  const files = knownFiles(reference);
  const paths = files === null ? pathsOf(reference) : await filesAt(files);
  const [path = ""] = paths;
  const header = factsOf(paths.map(readGguf), path); // before gigabytes are hashed: a file that is cut short is refused at once
  const hashes = files?.map(({ sha256 }) => sha256) ?? (await hashesOf(paths));
  const [only = ""] = hashes;
  return {
    ...header,
    reference,
    name: shortName(reference),
    path,
    paths,
    sha256: hashes.length === 1 ? only : createHash("sha256").update(hashes.join("")).digest("hex"),
    parameters: entry?.parameters ?? header.facts.parameters,
    entry,
  };
}

/**
 * A reference that can be right: its name is known, or its path leads to a language model. Nothing is hashed.
 * @throws PlayactError("model")
 */
export function checkReference(text: string): ModelReference {
  const reference = parseReference(text);
  if (reference.kind === "name") findLanguageModel(reference.name);
  if (reference.kind === "file") knownFacts(text);
  return reference;
}

/** What is known of a model without hashing it: by name from the manifest, else from its header. Throws likewise. */
export function knownFacts(text: string): ModelFacts {
  const reference = parseReference(text);
  const named = reference.kind === "name" ? findLanguageModel(reference.name).facts : undefined;
  if (named !== undefined) return named;
  const paths = pathsOf(reference);
  return factsOf(paths.map(readGguf), paths[0] ?? "").facts;
}

/** Of the model card, if the manifest names the model; else the numbers in its file. Throws likewise. */
export function parametersOf(text: string): number {
  const reference = parseReference(text);
  return reference.kind === "name" ? findLanguageModel(reference.name).parameters : knownFacts(text).parameters;
}

/** Path of its file, or of the first of several. Throws likewise. */
export async function modelPath(text: string): Promise<string> {
  return (await findOnDisk(text)).path;
}

/** The files of a model from the hub with their pinned hashes; null if one was never fetched. */
export function pinnedFiles(reference: ModelReference): readonly ModelFile[] | null {
  if (reference.kind !== "hub") return null;
  const { text, repo, file } = reference;
  const files = shardsOf(file).flatMap((name): ModelFile[] => {
    const pin = readPin(repo, name);
    if (pin === null) return [];
    const { bytes, sha256 } = pin;
    return [{ name: text, file: flatName(repo, name), bytes, sha256, sources: [{ kind: "hub", repo, file: name }] }];
  });
  return files.length === shardsOf(file).length ? files : null;
}

/** The files whose hashes are known beforehand; null for a model by path. */
function knownFiles(reference: ModelReference): readonly ModelFile[] | null {
  if (reference.kind === "file") return null;
  const files = reference.kind === "hub" ? pinnedFiles(reference) : filesOf(findLanguageModel(reference.name));
  if (files === null) throw absent(reference);
  return files;
}

/** Where the files of a reference lie; their hashes are another question. */
function pathsOf(reference: ModelReference): readonly string[] {
  if (reference.kind === "file") return presentPaths(reference.path);
  const places = (knownFiles(reference) ?? []).map(placesOf);
  for (const place of places[0]?.keys() ?? []) {
    const paths = places.map((of) => of.get(place) ?? "");
    if (paths.every((path) => existsSync(path))) return paths;
  }
  throw absent(reference);
}

function presentPaths(path: string): readonly string[] {
  const paths = shardsOf(path);
  const missing = paths.find((one) => !existsSync(one));
  if (missing === undefined) return paths;
  throw new PlayactError(
    "model",
    paths.length === 1
      ? `There is no model file at ${path}. Check the path.`
      : `${path} is one of ${paths.length} files of a model, and ${missing} is missing. Put all of them into one folder.`,
  );
}

async function hashesOf(paths: readonly string[]): Promise<readonly string[]> {
  const hashes: string[] = [];
  for (const path of paths) {
    const hash = await hashOf(path);
    if (hash === null) throw new PlayactError("model", `The model file ${path} was removed while it was read.`);
    hashes.push(hash.sha256);
  }
  return hashes;
}

function absent({ text }: ModelReference): PlayactError {
  return new PlayactError("model", `The model ${text} is not downloaded yet. Fetch it with: ${fetchCommand(text)}`);
}
