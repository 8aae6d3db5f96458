// `npm run lock`: completes package-lock.json with every platform's optional packages, after dependencies have changed.
// npm omits those that its registry lacked when the file was written (e.g. a mirror with only Linux packages), and then
// `npm ci` rejects the file on every machine. The package that needs them pins their versions; their hashes are not known
// here, so npm cannot verify downloads on those platforms.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./setup/step.mjs";

/** @typedef {{ version?: string, dev?: boolean, license?: string, optionalDependencies?: Record<string, string>, engines?: Record<string, string> }} Entry */
/** @typedef {{ packages: Record<string, Entry> }} Lock */

/**
 * The entries missing from the lock file, by key.
 * @param {Lock} lock
 */
export function missingEntries(lock) {
  const missing = new Map();
  for (const [parent, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const key = `node_modules/${name}`;
      if (key in lock.packages || `${parent}/${key}` in lock.packages || !/^\d/.test(version)) continue;
      const { dev, license, engines } = entry;
      const { os, cpu, libc } = platformOf(name);
      // In npm's order, so that npm's next rewrite changes nothing.
      missing.set(key, { version, cpu, ...(dev && { dev }), ...(libc && { libc }), license, optional: true, os, engines });
    }
  }
  return missing;
}

/**
 * A package's platform, from its name: "@node-llama-cpp/win-x64-cuda", "@biomejs/cli-linux-arm64-musl".
 * @param {string} name
 */
function platformOf(name) {
  const words = (name.split("/")[1] ?? name).split("-");
  const systems = /** @type {Record<string, string>} */ ({
    mac: "darwin",
    darwin: "darwin",
    win: "win32",
    win32: "win32",
    linux: "linux",
    android: "android",
  });
  const os = words.map((word) => systems[word]).find((system) => system !== undefined);
  const cpu = words.find((word) => ["x64", "arm64", "riscv64"].includes(word));
  if (os === undefined || cpu === undefined)
    throw new Error(`For which platform is ${name}? Add its entry to package-lock.json by hand.`);
  const libc = os === "linux" ? [words.includes("musl") ? "musl" : "glibc"] : undefined;
  return { os: [os], cpu: [cpu], libc };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const path = join(root, "package-lock.json");
  const lock = JSON.parse(readFileSync(path, "utf8"));
  const missing = missingEntries(lock);
  const packages = Object.entries(lock.packages).concat([...missing]);
  lock.packages = Object.fromEntries(packages.sort(([a], [b]) => a.localeCompare(b, "en")));
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(`${missing.size} entries added.\n`);
}
