// Where runs live on this machine: one folder with the database and a folder a run. No file is opened here.
import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, PlayactError } from "../errors.ts";
import { dataFolder } from "../models/folder.ts";
import { commandLine } from "../models/installation.ts";

/**
 * The home folder: `--home`, else PLAYACT_HOME, else `playact` in the XDG data folder. Absolute; not created.
 */
export function resolveHome(option?: string, environment: NodeJS.ProcessEnv = process.env): string {
  if (option !== undefined && option !== "") return resolve(option);
  const own = environment.PLAYACT_HOME;
  if (own !== undefined && own !== "") return resolve(own);
  return dataFolder(environment);
}

/** A command about what is in this store, e.g. `npx playact train --resume NAME`; with --home if it would look elsewhere without. */
export function commandFor({ path }: { readonly path: string }, words: string): string {
  const home = dirname(path);
  if (home === resolveHome()) return commandLine(words);
  return commandLine(`${words} --home ${/\s/.test(home) ? JSON.stringify(home) : home}`);
}

/** Path of the one database of a home folder. */
export function storePath(home: string): string {
  return join(home, "playact.db");
}

/** The folder of a run in its home; it contains the run's checkpoints. */
export function runFolder(home: string, run: string): string {
  return join(home, "runs", run);
}

/** Creates the folder if it is missing. Throws PlayactError("disk") if it cannot be created or written. */
export function ensureWritable(folder: string): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new PlayactError(
      "disk",
      `Cannot write to ${folder} (${describe(cause)}). Choose a writable folder with --home or PLAYACT_HOME.`,
      { cause },
    );
  }
}

/** mkdir's own `recursive` loops forever on a file system that rejects a new folder as if its parent were missing (/proc). */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  if (folder !== dirname(folder)) makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error; // else another process was faster
  }
}
