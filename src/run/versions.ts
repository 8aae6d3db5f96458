// The versions that a run is started with: Playact, Node, and the packages that its results depend on. The learner reports
// torch's version (devices.ts).
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PlayactError } from "../errors.ts";
import { packageRoot, reinstallCommand } from "../models/installation.ts";

const require = createRequire(import.meta.url);

const packages = ["better-sqlite3", "node-llama-cpp"] as const;

/** @throws PlayactError("environment") naming a package that is missing */
export function versions(): Record<string, string> {
  const found = packages.map((name) => [name, packageVersion(name)]);
  const { node } = process.versions;
  return { playact: playactVersion(), node, ...Object.fromEntries(found), "llama.cpp": llamaRelease() };
}

export function playactVersion(): string {
  return versionIn(join(packageRoot, "package.json"));
}

/** @throws PlayactError("environment") if it is missing */
export function packageVersion(name: string): string {
  return versionIn(join(folderOf(name), "package.json"));
}

/** The release of llama.cpp that node-llama-cpp is built from. */
function llamaRelease(): string {
  const file = join(folderOf("node-llama-cpp"), "llama", "llama.cpp.info.json");
  if (!existsSync(file)) return "unknown";
  const { tag } = JSON.parse(readFileSync(file, "utf8")) as { tag?: unknown }; // node-llama-cpp's file
  return String(tag ?? "unknown");
}

/** Folder of a package in the nearest node_modules. Not by `require.resolve`: a package need not export its package.json. */
function folderOf(name: string): string {
  const folders = (require.resolve.paths(name) ?? []).map((folder) => join(folder, name));
  const found = folders.find((folder) => existsSync(join(folder, "package.json")));
  if (found !== undefined) return found;
  throw new PlayactError("environment", `The package ${name} is missing. Reinstall it with: ${reinstallCommand()}`);
}

function versionIn(file: string): string {
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version?: unknown }; // our own and npm's files
  return typeof version === "string" ? version : "unknown";
}
