// A missing package (npm skips optional ones that it cannot fetch; a folder may be incomplete): reported, not thrown.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildPackage } from "../support/built.ts";
import { type Ended, startPlayact } from "../support/playact.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "playact-missing-"));

beforeAll(() => {
  {
    using built = buildPackage();
    cpSync(built.path("."), join(folder, "dist"), { recursive: true });
  }
  for (const name of ["package.json", "models", "native", "src"]) symlinkSync(join(root, name), join(folder, name));
  mkdirSync(join(folder, "node_modules"));
  for (const name of readdirSync(join(root, "node_modules")))
    if (!name.startsWith(".") && name !== "node-llama-cpp")
      symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
});
afterAll(() => rmSync(folder, { recursive: true }));

function playact(...words: readonly string[]): Promise<Ended> {
  const environment = { PLAYACT_HOME: join(folder, "home"), PLAYACT_PYTHON: process.execPath, LD_LIBRARY_PATH: "" };
  return startPlayact(join(folder, "dist", "cli.js"), words, folder, environment).ended;
}

test.concurrent.each<readonly string[]>([
  ["tasks", "--preset", "tiny"],
  ["train", "--preset", "tiny"],
])("a missing package ends `%s` with its name, how to put it back and the code of the environment", async (...words) => {
  const { code, stderr } = await playact(...words);
  expect(stderr).toBe("playact: The package node-llama-cpp is missing. Reinstall with: rm -rf node_modules && npm run setup\n");
  expect(code).toBe(4);
});

test.concurrent("a missing package is a failing line of `doctor`, among the others", async () => {
  const { code, stdout } = await playact("doctor");
  expect(stdout).toMatch(/^fail +engine +The package node-llama-cpp is missing.*-> +rm -rf node_modules && npm run setup$/m);
  expect(stdout).toMatch(/^ok +sqlite /m);
  expect(code).toBe(4);
});

test.concurrent("commands that do not need a missing package do without it", async () => {
  expect(await playact("models", "ls", "--json")).toMatchObject({ code: 0, stderr: "" });
});
