// `playact models`: lists the models of the manifest and which are on disk; fetches what is missing.
import { Command } from "commander";
import { modelsOfPreset } from "../config/needed-models.ts";
import { PlayactError } from "../errors.ts";
import { type Found, findFiles, getModel } from "../models/fetch.ts";
import { commandLine } from "../models/installation.ts";
import { filesOf, findModel, type ModelEntry, readManifest } from "../models/manifest.ts";
import { formatTable, type Print, printJson, toStderr, toStdout } from "./output.ts";

/** The command with its two subcommands; `print` receives the data, `progress` the progress. */
export function modelsCommand(print: Print = toStdout, progress: Print = toStderr): Command {
  return new Command("models")
    .description("list and fetch the models that Playact knows by name")
    .addCommand(listCommand(print))
    .addCommand(getCommand(print, progress));
}

function listCommand(print: Print): Command {
  return new Command("ls")
    .description("list known models: role, size, licence, whether the file is present and verified")
    .option("--json", "print a JSON array")
    .action(async (options: { readonly json?: boolean }) => {
      const rows: Row[] = [];
      for (const model of readManifest()) rows.push(rowOf(model, await findFiles(model)));
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
  readonly licence: string;
  readonly state: "verified" | "wrong hash" | "absent";
  readonly path: string | null;
};

function rowOf(model: ModelEntry, found: Found): Row {
  const { name, roles, licence } = model;
  const state = ({ right: "verified", wrong: "wrong hash", absent: "absent" } as const)[found.state];
  return { name, roles, bytes: bytesOf(model), licence, state, path: found.state === "absent" ? null : found.path };
}

/** The size of all its files. */
function bytesOf(model: ModelEntry): number {
  return filesOf(model).reduce((sum, { bytes }) => sum + bytes, 0);
}

function getCommand(print: Print, progress: Print): Command {
  return new Command("get")
    .description("fetch models and verify their SHA-256; prints the paths")
    .argument("[names...]", "names from `playact models ls`")
    .option("--preset <name>", "the models that this preset needs")
    .addHelpText("after", "\nExamples:\n  playact models get smollm2-135m-instruct\n  playact models get --preset laptop")
    .action(async (named: readonly string[], options: { readonly preset?: string }) => {
      const names = [...named, ...(options.preset === undefined ? [] : modelsOfPreset(options.preset))];
      if (names.length === 0)
        throw new PlayactError("usage", `models get expects a name or --preset NAME. See: ${commandLine("models ls")}`);
      for (const name of names) findModel(name); // a misspelt name is reported before the first gigabyte
      for (const name of names)
        for (const path of await getModel(name, progressLine(findModel(name), progress))) print(`${path}\n`);
    });
}

/** Prints a line for every tenth of the file: enough for a terminal and for a log. */
function progressLine(model: ModelEntry, progress: Print): (bytes: number) => void {
  let tenths = 0;
  return (bytes) => {
    const now = Math.floor((10 * bytes) / bytesOf(model));
    if (now <= tenths) return;
    tenths = now;
    progress(`${model.name}: ${Math.round(bytes / 1e6)} of ${Math.round(bytesOf(model) / 1e6)} MB\n`);
  };
}
