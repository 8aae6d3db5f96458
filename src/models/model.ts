// A language model as a run uses it: from an address to files on this disk that are whole and the right ones, and to what their
// header says. Nothing is downloaded here (add.ts).
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { PlayactError } from "../errors.ts";
import { type ModelAddress, parseAddress, shardsOf, shortName } from "./address.ts";
import { factsOf, type ModelFacts, type ModelHeader } from "./facts.ts";
import { fetchCommand, filesAt, placesOf } from "./fetch.ts";
import { readGguf } from "./gguf.ts";
import { filesOf, findLanguageModel, type LanguageModel, type ModelFile } from "./manifest.ts";
import { flatName, readPin } from "./pins.ts";
import { hashOf } from "./verified.ts";

export interface Model extends ModelHeader {
  readonly address: ModelAddress;
  /** Short, for people and adapters. */
  readonly name: string;
  /** What engine and learner open: the only file, or the first of several. */
  readonly path: string;
  readonly paths: readonly string[];
  /** Of the file; of several, the SHA-256 of their hashes in hex, in order. */
  readonly sha256: string;
  /** As its model card counts them, if the manifest names it; else the numbers in its file. */
  readonly parameters: number;
  /** What the manifest says of it; null for a model by path or from the hub. */
  readonly entry: LanguageModel | null;
}

/**
 * Finds the model of an address ("qwen3-8b", "./model.gguf", "hf:…") on this disk, reads its header, and hashes its files if
 * they are new.
 * @throws PlayactError("model") in one sentence, with the command that fetches it if it is missing
 */
export async function findOnDisk(text: string): Promise<Model> {
  const address = parseAddress(text);
  const entry = address.kind === "name" ? findLanguageModel(address.name) : null;
  const files = knownFiles(address);
  const paths = files === null ? pathsOf(address) : await filesAt(files);
  const [path = ""] = paths;
  const header = factsOf(paths.map(readGguf), path); // before gigabytes are hashed: a file that is cut short is refused at once
  const hashes = files?.map(({ sha256 }) => sha256) ?? (await hashesOf(paths));
  const [only = ""] = hashes;
  return {
    ...header,
    address,
    name: shortName(address),
    path,
    paths,
    sha256: hashes.length === 1 ? only : createHash("sha256").update(hashes.join("")).digest("hex"),
    parameters: entry?.parameters ?? header.facts.parameters,
    entry,
  };
}

/**
 * An address that can be right: its name is known, or its path leads to a language model. Nothing is hashed.
 * @throws PlayactError("model")
 */
export function checkAddress(text: string): ModelAddress {
  const address = parseAddress(text);
  if (address.kind === "name") findLanguageModel(address.name);
  if (address.kind === "file") knownFacts(text);
  return address;
}

/** What is known of a model without hashing it: by name from the manifest, else from its header. Throws likewise. */
export function knownFacts(text: string): ModelFacts {
  const address = parseAddress(text);
  const named = address.kind === "name" ? findLanguageModel(address.name).facts : undefined;
  if (named !== undefined) return named;
  const paths = pathsOf(address);
  return factsOf(paths.map(readGguf), paths[0] ?? "").facts;
}

/** Of the model card, if the manifest names the model; else the numbers in its file. Throws likewise. */
export function parametersOf(text: string): number {
  const address = parseAddress(text);
  return address.kind === "name" ? findLanguageModel(address.name).parameters : knownFacts(text).parameters;
}

/** Path of its file, or of the first of several. Throws likewise. */
export async function modelPath(text: string): Promise<string> {
  return (await findOnDisk(text)).path;
}

/** The files of a model from the hub with their pinned hashes; null if one was never fetched. */
export function pinnedFiles(address: ModelAddress): readonly ModelFile[] | null {
  if (address.kind !== "hub") return null;
  const { text, repo, file } = address;
  const files = shardsOf(file).flatMap((name): ModelFile[] => {
    const pin = readPin(repo, name);
    if (pin === null) return [];
    const { bytes, sha256 } = pin;
    return [{ name: text, file: flatName(repo, name), bytes, sha256, sources: [{ kind: "hub", repo, file: name }] }];
  });
  return files.length === shardsOf(file).length ? files : null;
}

/** The files whose hashes are known beforehand; null for a model by path. */
function knownFiles(address: ModelAddress): readonly ModelFile[] | null {
  if (address.kind === "file") return null;
  const files = address.kind === "hub" ? pinnedFiles(address) : filesOf(findLanguageModel(address.name));
  if (files === null) throw absent(address);
  return files;
}

/** Where the files of an address lie; their hashes are another question. */
function pathsOf(address: ModelAddress): readonly string[] {
  if (address.kind === "file") return presentPaths(address.path);
  const places = (knownFiles(address) ?? []).map(placesOf);
  for (const place of places[0]?.keys() ?? []) {
    const paths = places.map((of) => of.get(place) ?? "");
    if (paths.every((path) => existsSync(path))) return paths;
  }
  throw absent(address);
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

function absent({ text }: ModelAddress): PlayactError {
  return new PlayactError("model", `The model ${text} is not downloaded yet. Fetch it with: ${fetchCommand(text)}`);
}
