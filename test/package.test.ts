// The package as npm makes it from a clone and lays it out in a project: beside its dependencies, not around them. What it
// holds, that its commands run from there, and that they write nothing into it. Installed for real by scripts/check-package.mjs.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pythonPath } from "../src/models/python.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "playact-package-"));
const project = join(folder, "project");
const modules = join(project, "node_modules");
const packed = join(modules, "playact");

beforeAll(() => {
  const clone = join(folder, "clone");
  const tree = ["src", "native", "scripts", "models/manifest.json", "package.json", "tsconfig.json", "README.md", "CHANGELOG.md"];
  for (const name of [...tree, "LICENSE"]) cpSync(join(root, name), join(clone, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
  execFileSync(process.execPath, [join(clone, "scripts", "build.mjs")], { stdio: "ignore" });
  writeFileSync(join(clone, "dist", "stale.js"), "");
  mkdirSync(packed, { recursive: true });
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: clone, stdio: "ignore" });
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  execFileSync("tar", ["-xzf", join(folder, tarball), "--strip-components=1", "-C", packed]);
  for (const name of readdirSync(join(root, "node_modules")))
    if (!name.startsWith(".")) symlinkSync(join(root, "node_modules", name), join(modules, name));
});
afterAll(() => rmSync(folder, { recursive: true }));

const filesOf = (path: string) =>
  readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(path, name)).isFile());

const environment = {
  PATH: process.env.PATH ?? "",
  HOME: folder,
  PLAYACT_PYTHON: pythonPath(),
  HF_HUB_OFFLINE: "1",
  PIP_NO_INDEX: "1",
};

/** Runs a program of Node in the project. */
function node(change: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const env = { ...environment, ...change };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: project, env, encoding: "utf8" });
  return { code: status, stdout, stderr };
}
const cli = join(packed, "dist", "cli.js");
const playact = (...words: readonly string[]) => node({}, cli, ...words);

test("holds what runs, and nothing that only a clone needs", () => {
  const files = filesOf(packed);
  const expected = [
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "models/manifest.json",
    "native/requirements.txt",
    "native/bfcl/check.py",
    "dist/index.d.ts",
  ];
  expect(files).toEqual(expect.arrayContaining([...expected, "dist/cli.js", "dist/tools/catalogue/travel.json"]));
  const strange = /^(src|scripts|test|docs)\/|\.map$|stale|stamp|\/tests\/|__pycache__|requirements-|(?<!\.d)\.ts$/;
  expect(files.filter((name) => strange.test(name))).toEqual([]);
  for (const name of files.filter((name) => name.endsWith(".js")))
    expect(readFileSync(join(packed, name), "utf8"), name).not.toContain("sourceMappingURL");
});

test("its commands and its library run beside its dependencies", () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect(playact("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  expect(playact("--help").stdout).toMatch(/^ {2}setup/m);
  expect(JSON.parse(playact("train", "--preset", "tiny", "--dry-run").stdout)).toHaveProperty("steps");
  const library = node({}, "--input-type=module", "-e", 'console.log(typeof (await import("playact")).difficulty)');
  expect(library).toEqual({ code: 0, stdout: "function\n", stderr: "" });
});

test("nothing is written into it, and every command that it names is one of the user's", () => {
  const noPython = { PLAYACT_PYTHON: process.execPath }; // torch takes seconds to load, and the learner loads it below
  const state = () => filesOf(packed).map((name) => `${name} ${statSync(join(packed, name)).mtimeMs}`);
  const before = state();
  const found: { name: string; state: string; found: string; fix: string | null }[] = JSON.parse(
    node(noPython, cli, "doctor", "--json").stdout,
  );
  const of = (name: string) => found.find((one) => one.name === name);
  for (const name of ["engine", "sqlite", "embedder"]) expect(of(name)).toMatchObject({ state: "ok" });
  expect(of("models folder")?.found).toBe(join(folder, ".cache", "playact", "models"));
  expect(of("home")?.found).toBe(join(folder, ".local", "share", "playact"));
  expect(of("smollm2-135m-instruct")?.fix).toBe("npx playact models get smollm2-135m-instruct");
  expect(found.filter(({ fix }) => /npm run|npm start/.test(fix ?? ""))).toEqual([]);

  const learner = `const { startLearner } = await import("./node_modules/playact/dist/learner/torch.js");
    const started = await startLearner({ python: process.env.PLAYACT_PYTHON, deadlineSeconds: 60 });
    console.log("hello"); await started.close();`;
  expect(node({}, "--input-type=module", "-e", learner).stdout).toBe("hello\n");
  expect(playact("models", "get", "smollm2-135m-instruct").stderr).not.toContain("internal error");
  expect(state()).toEqual(before);
});
