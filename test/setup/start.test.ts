// scripts/start.mjs as a program, with small programs in place of the set-up and of Playact.
import { spawn } from "node:child_process";
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

test("SIGTERM to npm start reaches the training, and npm start ends with its exit code", async () => {
  const folder = mkdtempSync(join(tmpdir(), "playact-start-"));
  mkdirSync(join(folder, "scripts", "setup"), { recursive: true });
  mkdirSync(join(folder, "dist"));
  for (const name of ["start.mjs", "setup/step.mjs"]) cpSync(join(root, "scripts", name), join(folder, "scripts", name));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "scripts", "setup.mjs"), "");
  writeFileSync(join(folder, "dist", "cli.js"), training);
  const started = spawn(process.execPath, [join(folder, "scripts", "start.mjs")], { cwd: folder, stdio: "ignore" });
  const ended = once(started, "exit");
  const file = join(folder, "pid");
  const pid = await until(() => existsSync(file) && Number(readFileSync(file, "utf8")));
  started.kill("SIGTERM");
  expect(await ended).toEqual([7, null]);
  expect(isRunning(pid)).toBe(false);
  rmSync(folder, { recursive: true });
}, 20_000);
