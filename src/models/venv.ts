// Makes a Python environment of its own in a folder. The folder is marked before anything else is in it: only one that Playact
// itself began to make is ever removed, also after an interruption.
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PlayactError } from "../errors.ts";
import { type ProgramEnd, python, type Say } from "./pip.ts";

const mark = ".playact-environment";
const markText = "Playact made this environment, and may remove it to make it anew.\n";

interface Words {
  readonly needed: string;
  readonly again: string;
}

/**
 * Makes the environment with the interpreter `base`; one of Playact's that is there is made anew. `needed`: what it is for, in words;
 * `again`: how the user repeats it.
 * @throws PlayactError("environment") if something else is there, which stays as it is
 */
export async function makeVenv(base: string, folder: string, { needed, again }: Words, say: Say): Promise<ProgramEnd> {
  if (!isOurs(folder))
    throw new PlayactError(
      "environment",
      `${folder} cannot be used as it is: ${needed} is needed. It does not carry the mark of an environment that Playact made (older versions set none), so it is left alone. Move it away, ${again}`,
    );
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, mark), markText);
  return python(base, ["-m", "venv", folder], say);
}

/** Whether nothing is lost with it: it is not there, empty, or marked. */
function isOurs(folder: string): boolean {
  const there = statSync(folder, { throwIfNoEntry: false });
  if (there === undefined) return true;
  if (!there.isDirectory()) return false;
  return existsSync(join(folder, mark)) || readdirSync(folder).length === 0;
}
