// Versions that a run is stored with. Python's are added by the worker, which asks the learner.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { packageRoot } from "../models/folder.ts";

const require = createRequire(import.meta.url);

export function versions(): Record<string, string> {
  return {
    playact: versionIn(join(packageRoot, "package.json")),
    node: process.versions.node,
    "better-sqlite3": versionIn(require.resolve("better-sqlite3/package.json")),
    "node-llama-cpp": versionIn(join(packageRoot, "node_modules", "node-llama-cpp", "package.json")),
  };
}

function versionIn(file: string): string {
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version?: unknown }; // our own and npm's files
  return typeof version === "string" ? version : "unknown";
}
