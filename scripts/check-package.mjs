// `npm run check:package`: packs Playact, installs it into empty folders (in a project and globally), and runs its commands
// there with an empty home: once as the owner of the package, once without write access to it (as root: by another user).
// Takes minutes and needs the network: npm's packages, torch and a small model are downloaded.
//   node scripts/check-package.mjs [--only local|global] [--keep] [--skip-onnx]      --skip-onnx: npm fetches no CUDA build for it
// Prints a line for each command; exit code 1 if one did not end as expected or the package folder was changed.
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { root } from "./setup/step.mjs";

const { values } = parseArgs({
  options: { only: { type: "string" }, keep: { type: "boolean" }, "skip-onnx": { type: "boolean" } },
});
const nobody = 65534;
const asRoot = process.getuid?.() === 0;
const place = mkdtempSync(join(tmpdir(), "playact-package-"));
chmodSync(place, 0o755);
let wrong = 0;

/** @typedef {{ cwd: string, env?: NodeJS.ProcessEnv, user?: boolean, shows?: RegExp, codes?: readonly number[] }} Options */

/**
 * Runs one command and prints how it ended and its last line.
 * @param {string} title
 * @param {string} program
 * @param {readonly string[]} args
 * @param {Options} options
 */
function run(title, program, args, { cwd, env = process.env, user = false, shows = /^/, codes = [0] }) {
  const start = performance.now();
  const ids = user && asRoot ? { uid: nobody, gid: nobody } : {};
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, env, encoding: "utf8", maxBuffer: 1e8, ...ids });
  const output = `${stderr ?? ""}${stdout ?? ""}${error?.message ?? ""}`;
  const right = codes.includes(status ?? -1) && shows.test(output) && !/internal error/.test(output);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stdout.write(`  ${right ? "ok" : "!!"}  ${title}  code ${status}  ${seconds} s  ${output.trim().split("\n").at(-1)}\n`);
  if (right) return;
  wrong++;
  process.stdout.write(`${output}\n`);
}

/**
 * Every file below a folder with its size, modification time and mode.
 * @param {string} folder
 * @returns {string[]}
 */
function files(folder) {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const { size, mtimeMs, mode } = lstatSync(join(folder, name));
      return `${name} ${size} ${mtimeMs} ${mode}`;
    });
}

/**
 * @param {string} modules the node_modules that has the package
 * @param {string} command
 * @param {string} cwd where the user stands
 * @param {boolean} user not the owner of the package
 */
function tryCommands(modules, command, cwd, user) {
  const home = mkdtempSync(join(place, "home-"));
  chmodSync(home, 0o755);
  if (user && asRoot) chownSync(home, nobody, nobody);
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, HOME: home, npm_config_userconfig: "/dev/null" };
  for (const name of Object.keys(env)) if (/^(PLAYACT|XDG|HF)_/.test(name)) delete env[name];
  const before = files(modules);
  const playact = (/** @type {readonly string[]} */ words, /** @type {Partial<Options>} */ expected = {}) =>
    run(`playact ${words.join(" ")}`, command, words, { cwd, env, user, ...expected });
  playact(["--version"], { shows: /^\d+\.\d+\.\d+/ });
  playact(["--help"], { shows: /setup/ });
  const doctor = { codes: [0, 4], shows: /ok +engine[\s\S]*ok +sqlite/ };
  playact(["doctor"], doctor);
  playact(["train", "--preset", "tiny"], { codes: [4], shows: /playact setup/ });
  playact(["setup", "--preset", "tiny"], { shows: /Set-up is complete/ });
  playact(["setup", "--preset", "tiny"], { shows: /(already there[\s\S]*){3}/ });
  playact(["train", "--preset", "tiny", "--steps", "1"], { shows: /what happened/ });
  playact(["runs"], { shows: /tiny-1 .*finished/ });
  playact(["doctor"], doctor);
  const index = pathToFileURL(join(modules, "playact", "dist", "index.js")).href;
  const source = cwd === join(modules, "..") ? "playact" : index; // a global package is no project's
  const program = `const { difficulty } = await import(${JSON.stringify(source)}); console.log(typeof difficulty);`;
  run(`import "${source}"`, process.execPath, ["--input-type=module", "-e", program], { cwd, env, user, shows: /function/ });
  const after = files(modules);
  const changed = after.filter((line) => !before.includes(line)).concat(before.filter((line) => !after.includes(line)));
  process.stdout.write(`  ${changed.length === 0 ? "ok" : "!!"}  nothing was written below ${modules}\n`);
  if (changed.length > 0) process.stdout.write(`${changed.slice(0, 10).join("\n")}\n`);
  wrong += changed.length === 0 ? 0 : 1;
}

const env = values["skip-onnx"] ? { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" } : process.env;
run("npm pack", "npm", ["pack", "--pack-destination", place], { cwd: root });
const packed = join(place, readdirSync(place).find((name) => name.endsWith(".tgz")) ?? "");
process.stdout.write(`${(statSync(packed).size / 1e6).toFixed(2)} MB\n`);
for (const layout of ["local", "global"].filter((one) => values.only === undefined || values.only === one)) {
  const folder = join(place, layout);
  mkdirSync(folder);
  const global = layout === "global" ? ["-g", "--prefix", folder] : [];
  run(`npm install ${global.join(" ")}`, "npm", ["install", ...global, packed], { cwd: folder, env });
  const modules = layout === "global" ? join(folder, "lib", "node_modules") : join(folder, "node_modules");
  const command = layout === "global" ? join(folder, "bin", "playact") : join(modules, ".bin", "playact");
  for (const user of [false, true]) {
    process.stdout.write(`${layout}, ${user ? "the package cannot be written" : "as its owner"}\n`);
    if (user && !asRoot) run("chmod -R a-w", "chmod", ["-R", "a-w", modules], { cwd: folder });
    const elsewhere = mkdtempSync(join(place, "work-"));
    chmodSync(elsewhere, 0o755);
    tryCommands(modules, command, layout === "global" ? elsewhere : folder, user);
    if (user && !asRoot) run("chmod -R u+w", "chmod", ["-R", "u+w", modules], { cwd: folder });
  }
}
if (values.keep) process.stdout.write(`${place}\n`);
else rmSync(place, { recursive: true, force: true });
process.stdout.write(wrong === 0 ? "The package installs and runs.\n" : `${wrong} of these did not end as they should.\n`);
process.exitCode = wrong === 0 ? 0 : 1;
