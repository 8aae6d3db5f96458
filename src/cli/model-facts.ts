// What `playact models add` and `models show` print of one model: its file, its hash, the facts of its header, and which seats it
// may take.
import { PlayactError } from "../errors.ts";
import { parseAddress } from "../models/address.ts";
import { findFiles } from "../models/fetch.ts";
import { filesOf, findModel } from "../models/manifest.ts";
import { findOnDisk } from "../models/model.ts";
import { checkPolicy, checkSimulator } from "../run/seats.ts";
import type { Json } from "../types.ts";
import { formatTable, type Print, printJson } from "./output.ts";

type Shown = Readonly<Record<string, Json>>;

/** @throws PlayactError("model") if there is no such model, or its file is wrong */
export async function showModel(print: Print, text: string, json: boolean): Promise<void> {
  const shown = await factsShown(text);
  if (json) return printJson(print, shown);
  const cell = (value: Json) => (typeof value === "object" ? JSON.stringify(value) : String(value));
  print(
    formatTable(
      ["fact", "value"],
      Object.entries(shown).flatMap(([fact, value]) => (value === null ? [] : [[fact, cell(value)]])),
    ),
  );
}

/** Of a model of the manifest that is not here, what the manifest says. */
async function factsShown(text: string): Promise<Shown> {
  const address = parseAddress(text);
  const entry = address.kind === "name" ? findModel(address.name) : null;
  if (entry !== null && (entry.format === "onnx" || (await findFiles(entry)).state === "absent")) {
    const { name, parameters, licence, upstream } = entry;
    const facts = entry.format === "gguf" ? entry.facts : undefined;
    return { model: name, source: "models/manifest.json", files: filesOf(entry).length, licence, upstream, ...facts, parameters };
  }
  const model = await findOnDisk(text);
  const { name, path, paths, sha256, facts, parameters } = model;
  const origin = model.entry === null ? {} : { licence: model.entry.licence, upstream: model.entry.upstream };
  return {
    ...{ model: model.address.kind === "name" ? name : model.address.text, source: path, files: paths.length },
    ...{ ...origin, sha256, ...facts, parameters, dialect: model.entry?.dialect ?? "the probe decides" },
    ...{ policy: fitness(() => checkPolicy(model)), simulator: fitness(() => checkSimulator(model)) },
  };
}

function fitness(check: () => void): string {
  try {
    check();
    return "can be";
  } catch (error) {
    if (error instanceof PlayactError) return `cannot be: ${error.message}`;
    throw error;
  }
}
