// Node and its packages: version check, then `npm ci` with options that need no network other than the registry:
// better-sqlite3 compiles against the headers next to node, and the two engines ship their libraries in their packages.
import { existsSync, readFileSync, statfsSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { execute, isStamped, root, SetupError, stampOf, writeStamp } from "./step.mjs";

const leastNode = [20, 19];
const gigabytes = 1.6; // measured size of node_modules, plus npm's cache

export function checkNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = leastNode;
  if (process.platform === "win32") {
    throw new SetupError("Playact runs on Linux and macOS. On Windows, run it inside WSL: wsl --install");
  }
  if (process.platform === "darwin" && process.arch !== "arm64") {
    throw new SetupError(
      "torch and onnxruntime have no builds for Intel Macs. Use Apple silicon with an arm64 build of Node, or Linux.",
    );
  }
  if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
    throw new SetupError(
      `Playact needs Node ${leastNode.join(".")} or newer, this is ${version}. Install a newer one, e.g.: nvm install 24`,
    );
  }
}

/** @param {(text: string) => void} say */
export async function installNodePackages(say) {
  const folder = join(root, "node_modules");
  const stampFile = join(folder, ".playact-stamp");
  // A native module fits one ABI and platform; the lock file fixes everything else. npm ci deletes the folder with its stamp.
  const stamp = stampOf([
    readFileSync(join(root, "package-lock.json")),
    process.versions.modules,
    process.platform,
    process.arch,
  ]);
  if (isStamped(stampFile, stamp)) return false;
  needSpace(gigabytes);
  say("npm ci: fetches the packages and compiles SQLite where no ready build is to be had; about a minute");
  // NODE_ENV=production, or omit= in a user's .npmrc, would leave out the compiler and the engine
  const words = ["ci", "--include=dev", "--include=optional", "--no-fund", "--no-audit"];
  const { code, output } = await execute("npm", words, installEnvironment());
  if (code !== 0) throw npmFailure(output);
  // npm links only the commands of dependencies; this link makes `npx playact` run the clone's.
  symlinkSync(join("..", "..", "dist", "cli.js"), join(folder, ".bin", "playact"));
  writeStamp(stampFile, stamp);
  return true;
}

/** @param {NodeJS.ProcessEnv} env */
export function installEnvironment(env = process.env, node = process.execPath) {
  const prefix = dirname(dirname(node));
  const headers = existsSync(join(prefix, "include", "node", "node_api.h")) ? { npm_config_nodedir: prefix } : {};
  return { ...headers, ...env, ONNXRUNTIME_NODE_INSTALL: "skip", NODE_LLAMA_CPP_SKIP_DOWNLOAD: "true" };
}

/** @param {number} needed in gigabytes, checked before the step so that it does not fill the disk */
export function needSpace(needed) {
  const disk = statfsSync(root);
  const free = (disk.bavail * disk.bsize) / 1e9;
  if (free >= needed) return;
  const space = `${needed.toFixed(1)} GB in ${root}, ${free.toFixed(1)} GB are free`;
  throw new SetupError(`Node's packages need ${space}. Make room, then: npm run setup`, { code: 5 });
}

/** @param {string} output */
function npmFailure(output) {
  if (/ENOSPC|No space left on device/.test(output)) {
    return new SetupError(`The disk is full (${root}). Make room, then: npm run setup`, { code: 5, output });
  }
  return new SetupError(`${npmReason(output)}, then: npm run setup`, { output });
}

/** @param {string} output */
function npmReason(output) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET/.test(output)) {
    return "npm cannot reach its registry. Check the network (or npm's proxy settings)";
  }
  if (/node-gyp|gyp ERR/.test(output)) {
    return "SQLite's module could not be compiled. Install a C++ compiler and make (Debian: sudo apt install build-essential; macOS: xcode-select --install)";
  }
  return "npm ci failed; its last lines are above. Repair that";
}
