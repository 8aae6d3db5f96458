// Builds src into dist: tsc, then the files that tsc does not copy (SQL, JSON, prompts), then the execute permission.
import { chmodSync, cpSync, existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { execute, isStamped, root, SetupError, stampOf, writeStamp } from "./step.mjs";

const dist = join(root, "dist");

/** @param {(text: string) => void} say */
export async function build(say) {
  const stampFile = join(dist, ".playact-stamp");
  const stamp = sourceStamp();
  if (isStamped(stampFile, stamp)) return false;
  say("tsc -p . into dist");
  rmSync(dist, { recursive: true, force: true }); // a module removed from src must not remain in dist
  const { code, output } = await execute(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", root]);
  if (code !== 0) throw new SetupError("The sources do not compile; see tsc's messages above.", { output });
  cpSync(join(root, "src"), dist, { recursive: true, filter: (path) => !path.endsWith(".ts") });
  const command = join(dist, "cli.js");
  if (existsSync(command)) chmodSync(command, 0o755);
  writeStamp(stampFile, stamp);
  return true;
}

/** Path, size and time of every source, so that changed, added and removed files are all noticed. */
function sourceStamp() {
  const files = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const lines = [...files, join(root, "tsconfig.json")].sort().map((path) => {
    const { size, mtimeMs } = statSync(path);
    return `${path} ${size} ${mtimeMs}`;
  });
  return stampOf(lines);
}
