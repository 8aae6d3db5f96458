// The address of a model in a config: its name in models/manifest.json, the path of a GGUF file, or its place on the Hugging Face
// hub. Parsed here and nowhere else.
import { basename, isAbsolute, resolve } from "node:path";
import { PlayactError } from "../errors.ts";

/** `text` is its one spelling: paths are absolute, so that a run can be resumed from any folder. */
export type ModelAddress =
  | { readonly kind: "name"; readonly text: string; readonly name: string }
  | { readonly kind: "file"; readonly text: string; readonly path: string }
  | { readonly kind: "hub"; readonly text: string; readonly repo: string; readonly file: string };

/** For help and messages. */
export const addressForms = "a name from models/manifest.json, a path such as ./model.gguf, or hf:ORG/REPO/FILE.gguf";

const hubAddress = /^hf:([A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)\/((?:[A-Za-z0-9][\w.-]*\/)*[A-Za-z0-9][\w.-]*\.gguf)$/;

/**
 * Relative paths are of `folder`. Only the text is looked at: whether there is such a model is another question.
 * @throws PlayactError("model")
 */
export function parseAddress(text: string, folder = process.cwd()): ModelAddress {
  if (text.startsWith("hf:")) {
    const [, repo, file] = hubAddress.exec(text) ?? [];
    if (repo === undefined || file === undefined)
      throw new PlayactError("model", `${JSON.stringify(text)} is no address on the hub: expected hf:ORG/REPO/FILE.gguf.`);
    checkFirstShard(text, file);
    return { kind: "hub", text, repo, file };
  }
  if (/^[a-z]+:\/\//i.test(text))
    throw new PlayactError("model", `${JSON.stringify(text)} names no model: expected ${addressForms}.`);
  if (text.endsWith(".gguf") || text.includes("/")) {
    const path = isAbsolute(text) ? text : resolve(folder, text);
    checkFirstShard(text, path);
    return { kind: "file", text: path, path };
  }
  return { kind: "name", text, name: text };
}

const shardName = /^(?<stem>.*)-(?<number>\d{5})-of-(?<count>\d{5})\.gguf$/;

/** All files of a model of which this is the only or the first one, in order. */
export function shardsOf(file: string): readonly string[] {
  const { stem, count } = shardName.exec(file)?.groups ?? {};
  if (stem === undefined || count === undefined) return [file];
  return Array.from({ length: Number(count) }, (_, at) => `${stem}-${String(at + 1).padStart(5, "0")}-of-${count}.gguf`);
}

function checkFirstShard(text: string, file: string): void {
  const number = shardName.exec(file)?.groups?.number;
  if (number === undefined || number === "00001") return;
  const first = shardsOf(file)[0] ?? file;
  throw new PlayactError("model", `${text} is part ${Number(number)} of a model in several files. Name its first: ${first}`);
}

/** A short name for people and for adapters. */
export function shortName(address: ModelAddress): string {
  if (address.kind === "name") return address.name;
  return basename(address.kind === "hub" ? address.file : address.path, ".gguf");
}
