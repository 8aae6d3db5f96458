// Builds the sources into a separate folder, for tests that start Playact, or a part of it, as a program (node runs no .ts).
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Built extends Disposable {
  /** Path of a built file, e.g. `cli/sql-child.js`. */
  path(file: string): string;
}

/** Emits src (about a second; types are checked elsewhere). The folder is inside node_modules, so that packages are found. */
export function buildSources(): Built {
  const folder = newFolder();
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  emit(folder);
  return built(folder, folder);
}

/** The same as a whole package from which the command line runs: dist/ is built, the rest is linked. A clone has src. */
export function buildPackage(layout: "clone" | "local" = "clone"): Built {
  const folder = newFolder();
  const linked = ["package.json", "models", "native", "node_modules", ...(layout === "clone" ? ["src"] : [])];
  for (const name of linked) symlinkSync(join(root, name), join(folder, name));
  emit(join(folder, "dist"));
  return built(folder, join(folder, "dist"));
}

function newFolder(): string {
  const cache = join(root, "node_modules", ".cache");
  mkdirSync(cache, { recursive: true });
  return mkdtempSync(join(cache, "playact-"));
}

function emit(folder: string): void {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const options = ["-p", root, "--outDir", folder, "--noCheck", "--declaration", "false"];
  execFileSync(process.execPath, [tsc, ...options], { stdio: "inherit" });
}

function built(folder: string, code: string): Built {
  return {
    path: (file) => join(code, file),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }), // links are removed, not followed
  };
}
