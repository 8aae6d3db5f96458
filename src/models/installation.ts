// How this package is run: from its clone, where weights and Python stay in the folder, or installed, where the package may be
// read-only and they go to the user's own folders. Every command that a message names is written here, so that it works there.
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of package.json. The same distance from src/models (tests) and dist/models (users). */
export const packageRoot = fileURLToPath(new URL("../../", import.meta.url));

/** A clone, a project's node_modules, or npm's global folder. */
export type Layout = "clone" | "local" | "global";

export const layout = layoutOf(packageRoot);

/** Only a clone has the sources; npm puts global packages into <prefix>/lib/node_modules and their commands into <prefix>/bin. */
export function layoutOf(root: string): Layout {
  if (existsSync(join(root, "src", "cli.ts"))) return "clone";
  const above = resolve(root, "..", "..");
  return basename(above) === "lib" && existsSync(join(above, "..", "bin", "playact")) ? "global" : "local";
}

/** A command line of Playact's, e.g. `npx playact models get NAME` for "models get NAME". */
export function commandLine(words: string, how: Layout = layout): string {
  if (how === "clone" && words === "setup") return "npm run setup";
  return how === "global" ? `playact ${words}` : `npx playact ${words}`;
}

/**
 * The command that brings back a Node package. Left alone, onnxruntime-node's install script downloads a CUDA build that is not
 * used here; where it cannot, npm leaves the package out. A clone's set-up skips packages that it has installed once.
 */
export function reinstallCommand(how: Layout = layout): string {
  if (how === "clone") return "rm -rf node_modules && npm run setup";
  return `ONNXRUNTIME_NODE_INSTALL=skip npm install ${how === "global" ? "-g " : ""}playact`;
}
