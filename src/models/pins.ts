// The hash of a model from the hub, pinned when it is first fetched: a later download, or a cached file that has changed, is
// refused. One small file for each file of the hub, in `.pinned` of the models folder; deleting it is forgetting the pin.
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { describe, PlayactError } from "../errors.ts";
import { modelsFolder } from "./folder.ts";

const pinSchema = z.strictObject({
  repo: z.string(),
  /** Path in the repository. */
  file: z.string(),
  bytes: z.number().int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export type Pin = z.output<typeof pinSchema>;

/** The pin of a file; null if it was never fetched. */
export function readPin(repo: string, file: string): Pin | null {
  try {
    return pinSchema.parse(JSON.parse(readFileSync(pinPath(repo, file), "utf8")));
  } catch {
    return null; // a damaged pin is no pin: the file is hashed and pinned again
  }
}

export function readPins(): readonly Pin[] {
  const names = listed(pinFolder()).filter((name) => name.endsWith(".json"));
  return names.flatMap((name) => {
    try {
      return [pinSchema.parse(JSON.parse(readFileSync(join(pinFolder(), name), "utf8")))];
    } catch {
      return [];
    }
  });
}

/** @throws PlayactError("disk") if the models folder cannot be written */
export function writePin(pin: Pin): void {
  const path = pinPath(pin.repo, pin.file);
  try {
    mkdirSync(pinFolder(), { recursive: true });
    writeFileSync(`${path}.${process.pid}.part`, JSON.stringify(pin));
    renameSync(`${path}.${process.pid}.part`, path);
  } catch (error) {
    throw new PlayactError(
      "disk",
      `The hash of the model cannot be stored (${describe(error)}). Set PLAYACT_MODELS to a folder of yours.`,
    );
  }
}

/** The file's name in the models folder, where nothing lies in folders: its address, flat. */
export function flatName(repo: string, file: string): string {
  return `${repo}/${file}`.replaceAll("/", "--");
}

function pinFolder(): string {
  return join(modelsFolder(), ".pinned");
}

export function pinPath(repo: string, file: string): string {
  return join(pinFolder(), `${flatName(repo, file)}.json`);
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
