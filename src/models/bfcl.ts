// The package of BFCL (Berkeley Function-Calling Leaderboard) in a Python environment of its own: its rows and its checker. It is
// installed without its dependencies, dozens of vendors' clients that the checker does not need (native/bfcl/check.py).
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PlayactError } from "../errors.ts";
import { findPython } from "./environment.ts";
import { bfclFolder, interpreterPath } from "./folder.ts";
import { pip, pipReason, python, type Say } from "./pip.ts";
import { needSpace } from "./space.ts";
import { makeVenv } from "./venv.ts";

/** Of the package bfcl-eval. Scores of two versions are never compared. */
export const bfclVersion = "2026.3.23";

const requirement = `bfcl-eval==${bfclVersion}`;
const bytes = 0.3e9; // the environment as measured, and what pip unpacks temporarily
const again = "then repeat the command";

/** The interpreter of BFCL's environment; null if it is not installed completely. */
export function bfclPython(folder = bfclFolder()): string | null {
  const path = join(folder, "bin", "python");
  const stamp = stampOf(folder);
  return existsSync(path) && existsSync(stamp) && readFileSync(stamp, "utf8") === requirement ? path : null;
}

/**
 * Creates the environment; false if it exists. One that an interrupted installation left is made anew.
 * @throws PlayactError("environment" | "disk") with the program's output as its cause
 */
export async function installBfcl(say: Say, folder = bfclFolder()): Promise<boolean> {
  if (bfclPython(folder) !== null) return false;
  await needSpace("BFCL's package", bytes, folder, `Make room, ${again}.`);
  const base = (await python(interpreterPath(), ["-m", "venv", "--help"])).code === 0 ? interpreterPath() : await findPython();
  say(`pip install --no-deps ${requirement}`);
  const made = await makeVenv(base, folder, { needed: `an environment with ${requirement}`, again: `${again}.` }, say);
  if (made.code !== 0) throw failed(`${base} could not create ${folder}; its last lines are above. Fix that`, made.output);
  const { code, output } = await pip(join(folder, "bin", "python"), ["--no-deps", requirement], say);
  if (code !== 0) throw failed(pipReason(output), output);
  writeFileSync(stampOf(folder), requirement);
  return true;
}

/** Written last: a folder without it is not complete. */
function stampOf(folder: string): string {
  return join(folder, ".playact-complete");
}

function failed(reason: string, output: string): PlayactError {
  if (/ENOSPC|No space left on device/.test(output))
    return new PlayactError("disk", `The disk is full. Make room, ${again}.`, { cause: output });
  return new PlayactError("environment", `BFCL's package cannot be installed: ${reason}, ${again}.`, { cause: output });
}
