// `playact models`: lists the models that are known by name or were added, and which are on disk; fetches what is missing; adds a
// model by path or from the hub, and shows what is known of one.
import { Command } from "commander";
import { modelsOfPreset } from "../config/needed-models.ts";
import { PlayactError } from "../errors.ts";
import { addModel } from "../models/add.ts";
import { addressForms, type ModelAddress, parseAddress, shardsOf } from "../models/address.ts";
import { type Found, findFiles, findTogether, getModel } from "../models/fetch.ts";
import { commandLine } from "../models/installation.ts";
import { filesOf, findModel, type ModelEntry, readManifest } from "../models/manifest.ts";
import { pinnedFiles } from "../models/model.ts";
import { readPins } from "../models/pins.ts";
import { showModel } from "./model-facts.ts";
import { formatTable, type Print, printJson, toStderr, toStdout } from "./output.ts";

/** The command with its subcommands; `print` receives the data, `progress` the progress. */
export function modelsCommand(print: Print = toStdout, progress: Print = toStderr): Command {
  return new Command("models")
    .description("list, fetch, add and show models")
    .addCommand(listCommand(print), { isDefault: true })
    .addCommand(getCommand(print, progress))
    .addCommand(addCommand(print, progress))
    .addCommand(showCommand(print));
}

function listCommand(print: Print): Command {
  return new Command("ls")
    .description("list known models: role, size, licence, whether the file is present and verified")
    .option("--json", "print a JSON array")
    .action(async (options: { readonly json?: boolean }) => {
      const rows: Row[] = [];
      for (const model of readManifest()) {
        const { name, roles, licence } = model;
        rows.push(rowOf({ name, roles, bytes: bytesOf(model), licence }, await findFiles(model)));
      }
      for (const address of addedFromHub()) rows.push(await rowOfAdded(address));
      if (options.json) return printJson(print, rows);
      const columns = ["model", "roles", "MB", "licence", "state", "path"];
      print(
        formatTable(
          columns,
          rows.map((row) => [row.name, row.roles.join(", "), Math.round(row.bytes / 1e6), row.licence, row.state, row.path]),
        ),
      );
    });
}

type Row = {
  readonly name: string;
  readonly roles: string[];
  readonly bytes: number;
  /** null: its publisher says. */
  readonly licence: string | null;
  readonly state: "verified" | "wrong hash" | "absent";
  readonly path: string | null;
};

function rowOf(model: Omit<Row, "state" | "path">, found: Found): Row {
  const state = ({ right: "verified", wrong: "wrong hash", absent: "absent" } as const)[found.state];
  return { ...model, state, path: found.state === "absent" ? null : found.path };
}

/** Models from the hub whose hash was pinned, each by its first file. */
function addedFromHub(): readonly ModelAddress[] {
  const addresses = readPins().map(({ repo, file }) => `hf:${repo}/${shardsOf(file)[0] ?? file}`);
  return [...new Set(addresses)].map((address) => parseAddress(address));
}

async function rowOfAdded(address: ModelAddress): Promise<Row> {
  const files = pinnedFiles(address) ?? [];
  const found: Found = files.length === 0 ? { state: "absent" } : await findTogether(files);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return rowOf({ name: address.text, roles: [], bytes, licence: null }, found);
}

/** The size of all its files. */
function bytesOf(model: ModelEntry): number {
  return filesOf(model).reduce((sum, { bytes }) => sum + bytes, 0);
}

function getCommand(print: Print, progress: Print): Command {
  return new Command("get")
    .description("fetch models of the manifest and verify their SHA-256; prints the paths")
    .argument("[names...]", "names from `playact models ls`")
    .option("--preset <name>", "the models that this preset needs")
    .addHelpText("after", "\nExamples:\n  playact models get smollm2-135m-instruct\n  playact models get --preset laptop")
    .action(async (named: readonly string[], options: { readonly preset?: string }) => {
      const names = [...named, ...(options.preset === undefined ? [] : modelsOfPreset(options.preset))];
      if (names.length === 0)
        throw new PlayactError("usage", `models get expects a name or --preset NAME. See: ${commandLine("models ls")}`);
      for (const name of names) checkName(name); // a misspelt one is reported before the first gigabyte
      for (const name of names)
        for (const path of await getModel(name, progressLine(name, bytesOf(findModel(name)), progress))) print(`${path}\n`);
    });
}

/** @throws PlayactError("usage") for an address, PlayactError("model") for an unknown name */
function checkName(name: string): void {
  const { kind, text } = parseAddress(name);
  if (kind !== "name")
    throw new PlayactError(
      "usage",
      `models get fetches models by name, and ${name} is an address. Add it with: ${commandLine(`models add ${text}`)}`,
    );
  findModel(name);
}

function addCommand(print: Print, progress: Print): Command {
  return new Command("add")
    .description("make a model usable as policy or simulator: fetch it, pin its SHA-256, read its header")
    .argument("<model>", addressForms)
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nExamples:\n  playact models add ./my-model.gguf\n  playact models add hf:Qwen/Qwen3-4B-GGUF/Qwen3-4B-Q4_K_M.gguf",
    )
    .action(async (text: string, options: { readonly json?: boolean }) => {
      const { kind } = parseAddress(text);
      const onProgress = kind === "name" ? progressLine(text, bytesOf(findModel(text)), progress) : steps(text, progress);
      const { address } = await addModel(text, onProgress);
      await showModel(print, address.text, options.json ?? false);
    });
}

function showCommand(print: Print): Command {
  return new Command("show")
    .description("show what the header of a model's file says, or the manifest if it is not here")
    .argument("<model>", addressForms)
    .option("--json", "print one JSON document")
    .action((text: string, options: { readonly json?: boolean }) => showModel(print, text, options.json ?? false));
}

/** Prints a line for every tenth of the file: enough for a terminal and for a log. */
function progressLine(name: string, all: number, progress: Print): (bytes: number) => void {
  let tenths = 0;
  return (bytes) => {
    const now = Math.floor((10 * bytes) / all);
    if (now <= tenths) return;
    tenths = now;
    progress(`${name}: ${Math.round(bytes / 1e6)} of ${Math.round(all / 1e6)} MB\n`);
  };
}

const stepBytes = 500e6;

/** The same where the size is not known: a line for every 500 MB. */
function steps(name: string, progress: Print): (bytes: number) => void {
  let shown = 0;
  return (bytes) => {
    if (bytes < shown + stepBytes) return;
    shown = bytes;
    progress(`${name}: ${Math.round(bytes / 1e6)} MB\n`);
  };
}
