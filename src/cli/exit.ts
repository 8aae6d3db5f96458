// Exit codes, and the only place that turns an error into a message for the user.
import { CommanderError } from "commander";
import { type Boundary, describe, PlayactError } from "../errors.ts";
import { EngineError } from "../llm/llm.ts";
import { reinstallCommand } from "../models/installation.ts";

/** 0 ok, 1 failed, 2 usage, 3 bad config or tools file, 4 environment, 5 memory or disk, 130 interrupted (resumable). */
export const exitCodes: Readonly<Record<Boundary, number>> = {
  usage: 2,
  config: 3,
  tools: 3,
  model: 4,
  template: 4,
  environment: 4,
  engine: 1,
  simulator: 1,
  learner: 1,
  store: 1,
  memory: 5,
  disk: 5,
};
export const interruptedCode = 130;

/** Prints an error message and returns the exit code. A stack is shown only for internal errors. */
export function report(error: unknown, print: (text: string) => void): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage; // commander has printed it
  if (error instanceof PlayactError) {
    print(`${outputOf(error)}playact: ${error.message}\n`);
    return exitCodes[error.boundary];
  }
  const refused = refusedByDisk(error);
  if (refused !== null) {
    print(`playact: ${refused}\n`);
    return exitCodes.disk;
  }
  const missing = missingPackage(error);
  if (missing !== null) {
    print(`playact: The package ${missing} is missing. Reinstall with: ${reinstallCommand()}\n`);
    return exitCodes.environment;
  }
  if (error instanceof EngineError) {
    print(
      `playact: the engine failed: ${error.message}. What is finished is stored: a run goes on with train --resume, synth and eval with the same command.\n`,
    );
    return exitCodes.engine;
  }
  if (error instanceof Error && error.name === "SqliteError") {
    print(`playact: the store cannot be read (${error.message}). Restore a copy of it, or choose another --home.\n`);
    return exitCodes.store;
  }
  print(`playact: internal error: ${error instanceof Error ? (error.stack ?? error.message) : describe(error)}\n`);
  return 1;
}

/** The end of what a failed program wrote (pip, venv), which its error carries as a text and speaks of as "above"; "" for any other error. */
export function outputOf({ cause }: PlayactError): string {
  return typeof cause === "string" && cause.trim() !== "" ? `${cause.trimEnd().split("\n").slice(-25).join("\n")}\n\n` : "";
}

/** What the file system refused, as a sentence; null for any other error. */
function refusedByDisk(error: unknown): string | null {
  if (!(error instanceof Error && "code" in error && "path" in error)) return null;
  const todo = {
    ...{ EACCES: "Check its permissions", EPERM: "Check its permissions", EROFS: "Choose a folder that can be written to" },
    ...{ ENOSPC: "Free some space", EDQUOT: "Free some space", EIO: "Check the disk" },
    ...{ EEXIST: "A file is in the way: choose a folder", ENOTDIR: "A file is in the way: choose a folder" },
  }[String(error.code)];
  return todo === undefined ? null : `The disk refused ${error.path} (${error.message}). ${todo}, then repeat the command.`;
}

/** The package that an import did not find, or null; a missing file of Playact itself is an internal error. */
function missingPackage(error: unknown): string | null {
  if (!(error instanceof Error && "code" in error)) return null;
  if (error.code !== "ERR_MODULE_NOT_FOUND" && error.code !== "MODULE_NOT_FOUND") return null;
  return /^Cannot find (?:package|module) '([^./'][^']*)'/.exec(error.message)?.[1] ?? null;
}
