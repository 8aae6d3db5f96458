// How this package is run: from a clone, with weights and Python in its folder, or installed, with both in the user's folders,
// since the package may be read-only. Every command in a message is written here, so that it works in that layout.
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

/** A Playact command line, e.g. `npx playact models get NAME` for "models get NAME". */
export function commandLine(words: string, how: Layout = layout): string {
  if (how === "clone" && words === "setup") return "npm run setup";
  return how === "global" ? `playact ${words}` : `npx playact ${words}`;
}

/** Why nothing can be trained on this platform; null: it can. scripts/setup/node.mjs says the same before there is a build. */
export const platformFault =
  process.platform === "darwin" && process.arch !== "arm64" ? "torch and onnxruntime have no builds for Intel Macs" : null;
/** What to do about it. */
export const otherPlatform = "use Apple silicon with an arm64 build of Node, or Linux";

/** The command that gives SQLite its native module. From npm 12 on a dependency's install script runs only where the project allows it. */
export function sqliteCommand(how: Layout = layout): string {
  if (how === "global") return `${reinstallCommand(how)} --allow-scripts=better-sqlite3`;
  const rebuild = "npm rebuild better-sqlite3 --ignore-scripts=false";
  return how === "clone" ? rebuild : `npm pkg set allowScripts.better-sqlite3=true --json && ${rebuild}`;
}

/**
 * The command that reinstalls a Node package. By default onnxruntime-node's install script downloads a CUDA build that is not
 * used here; if that fails, npm leaves out the package. A clone's setup skips packages that it has already installed.
 */
export function reinstallCommand(how: Layout = layout): string {
  if (how === "clone") return "rm -rf node_modules && npm run setup";
  return `ONNXRUNTIME_NODE_INSTALL=skip npm install ${how === "global" ? "-g " : ""}playact`;
}
