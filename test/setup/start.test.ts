// scripts/start.mjs as a program, with small programs in place of the set-up and of Playact.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { isRunning, until } from "../support/processes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Prints its process id and exits with code 7 on SIGTERM, as a run that is asked to finish exits with its own code. */
const training = `
import { writeFileSync } from "node:fs";
process.on("SIGTERM", () => process.exit(7));
setInterval(() => {}, 1000);
writeFileSync("pid", String(process.pid));
`;

/** A folder with npm start, in which `program` is Playact and the set-up does nothing. */
function startsWith(program: string): string {
  const folder = mkdtempSync(join(tmpdir(), "playact-start-"));
  mkdirSync(join(folder, "scripts", "setup"), { recursive: true });
  mkdirSync(join(folder, "dist"));
  for (const name of ["start.mjs", "setup/step.mjs"]) cpSync(join(root, "scripts", name), join(folder, "scripts", name));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "scripts", "setup.mjs"), "");
  writeFileSync(join(folder, "dist", "cli.js"), program);
  return folder;
}

test("SIGTERM to npm start reaches the training, and npm start ends with its exit code", async () => {
  const folder = startsWith(training);
  const started = spawn(process.execPath, [join(folder, "scripts", "start.mjs")], { cwd: folder, stdio: "ignore" });
  const ended = once(started, "exit");
  const file = join(folder, "pid");
  const pid = await until(() => existsSync(file) && Number(readFileSync(file, "utf8")));
  started.kill("SIGTERM");
  expect(await ended).toEqual([7, null]);
  expect(isRunning(pid)).toBe(false);
  rmSync(folder, { recursive: true });
});

test.each([
  [
    ["--steps", "4"],
    ["train", "--steps", "4"],
  ],
  [
    ["--preset", "tiny"],
    ["train", "--preset", "tiny"],
  ],
  [
    ["--resume", "--preset", "tiny"],
    ["train", "--resume"],
  ],
  [
    ["--preset=tiny", "--resume", "tiny-1"],
    ["train", "--resume", "tiny-1"],
  ],
])("npm start -- %s trains with its words; the preset of a resumed run is for the set-up alone", (given, passed) => {
  const folder = startsWith(`
import { writeFileSync } from "node:fs";
writeFileSync("words", JSON.stringify(process.argv.slice(2)));
`);
  execFileSync(process.execPath, [join(folder, "scripts", "start.mjs"), ...given], { cwd: folder });
  expect(JSON.parse(readFileSync(join(folder, "words"), "utf8"))).toEqual(passed);
  rmSync(folder, { recursive: true });
});
