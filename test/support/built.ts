// The sources built into a folder of their own, for tests that start a part of Playact as a program (node runs no .ts).
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Built extends Disposable {
  /** Path of a built file, e.g. `cli/sql-child.js`. */
  path(file: string): string;
}

/** Emits src (about a second; types are checked elsewhere). The folder is inside node_modules, so that packages are found. */
export function buildSources(): Built {
  const cache = join(root, "node_modules", ".cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "playact-"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const options = ["-p", root, "--outDir", folder, "--noCheck", "--declaration", "false", "--sourceMap", "false"];
  execFileSync(process.execPath, [tsc, ...options], { stdio: "inherit" });
  return {
    path: (file) => join(folder, file),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
