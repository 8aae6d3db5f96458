// scripts/setup.mjs as a program in a temporary folder, with small real programs in place of npm and the built command: what
// it skips, and what it reports if something is missing. `npm test` in a fresh clone tests the downloads.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { checkNode, installEnvironment, needSpace } from "../../scripts/setup/node.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Clone extends Disposable {
  readonly folder: string;
  /** Puts a shell script on the PATH. */
  program(name: string, script: string): void;
  /** Replaces the compiler with a program that writes this as the command line; null: with one that fails. */
  compiles(cli: string | null): void;
  /** Runs the set-up with only those programs on the PATH. */
  run(...args: string[]): { readonly code: number | null; readonly said: string };
}

const npmThatWorks = 'echo "$@" >> npm-calls; mkdir -p node_modules/.bin';

/** The part of a clone that set-up reads before the first download, and an empty PATH. */
function clone(): Clone {
  const folder = mkdtempSync(join(tmpdir(), "playact-setup-"));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  cpSync(join(root, "scripts"), join(folder, "scripts"), { recursive: true });
  cpSync(join(root, "package-lock.json"), join(folder, "package-lock.json"));
  for (const tool of ["mkdir", "sh"]) symlinkSync(join("/bin", tool), join(bin, tool));
  return {
    folder,
    program: (name, script) => {
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    },
    compiles: (cli) => {
      const compiler = join(folder, "node_modules", "typescript", "bin");
      mkdirSync(compiler, { recursive: true });
      for (const name of ["src", "dist"]) mkdirSync(join(folder, name), { recursive: true });
      for (const name of ["package.json", "tsconfig.json"]) cpSync(join(root, name), join(folder, name));
      const write = `fs.mkdirSync("dist"); fs.writeFileSync("dist/cli.js", ${JSON.stringify(cli)});`;
      writeFileSync(join(compiler, "tsc"), `import fs from "node:fs"; ${cli === null ? "process.exit(1)" : write}`);
      writeFileSync(join(folder, "node_modules", "typescript", "package.json"), '{ "type": "module" }');
    },
    run: (...args) => {
      const env = { PATH: bin, HOME: folder };
      const { status, stderr } = spawnSync(process.execPath, [join(folder, "scripts", "setup.mjs"), ...args], {
        cwd: folder,
        env,
        encoding: "utf8",
      });
      return { code: status, said: stderr };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

describe("a missing requirement is reported in one sentence with its fix, exit code 4 and no stack:", () => {
  const stack = /\n\s+at /;

  test("no network for npm", () => {
    using place = clone();
    place.program("npm", 'echo "npm error code ENOTFOUND" >&2; exit 1');
    const { code, said } = place.run();
    expect(code).toBe(4);
    expect(said).toMatch(/npm cannot reach its registry\. Check the network .*npm run setup\n$/);
    expect(said).not.toMatch(stack);
  });
});

test("after the build it passes its options to `playact setup` and ends with that exit code", () => {
  using place = clone();
  place.program("npm", npmThatWorks);
  place.compiles('process.stderr.write(process.argv.slice(2).join() + "!"); process.exitCode = 7;');
  const { code, said } = place.run("--for", "test");
  expect(said).toMatch(/ok {2}Build .*\nsetup,--for,test!$/);
  expect(code).toBe(7);
  expect(place.run().said).toContain("Build  (already there)");
});

test("it ends if the sources do not compile", () => {
  using place = clone();
  place.program("npm", npmThatWorks);
  place.compiles(null);
  const { code, said } = place.run();
  expect(said).toMatch(/The sources do not compile/);
  expect(code).toBe(4);
});

describe("exit code 5 is for disks:", () => {
  test("a full disk during a step", () => {
    using place = clone();
    place.program("npm", 'echo "npm error code ENOSPC" >&2; exit 1');
    const { code, said } = place.run();
    expect(code).toBe(5);
    expect(said).toMatch(/The disk is full .*Make room, then: npm run setup\n$/);
  });

  test("too little space is reported before the step begins, with the space needed", () => {
    expect(() => needSpace(1e9)).toThrow(/Node's packages need 1000000000\.0 GB in .*Make room/);
    expect(() => needSpace(0.001)).not.toThrow();
  });
});

describe("a finished step is skipped:", () => {
  test("npm runs once for a lock file, and again when it changes", () => {
    using place = clone();
    place.program("npm", npmThatWorks);
    place.run();
    expect(place.run().said).toContain("Node packages  (already there)");
    const calls = () => readFileSync(join(place.folder, "npm-calls"), "utf8").trim().split("\n").length;
    expect(calls()).toBe(1);
    writeFileSync(join(place.folder, "package-lock.json"), "{}");
    rmSync(join(place.folder, "node_modules"), { recursive: true }); // as npm ci does itself
    place.run();
    expect(calls()).toBe(2);
  });

  test("npm is run again after a failure", () => {
    using place = clone();
    place.program("npm", "mkdir -p node_modules/.bin; exit 1");
    place.run();
    place.program("npm", npmThatWorks);
    place.run();
    expect(existsSync(join(place.folder, "npm-calls"))).toBe(true);
  });
});

describe("Node", () => {
  test("20.19 and newer are accepted; with an older one the message says what to install", () => {
    for (const version of ["20.19.0", "20.20.2", "22.0.0", "24.1.0"]) expect(() => checkNode(version)).not.toThrow();
    for (const version of ["18.20.0", "20.18.9"]) expect(() => checkNode(version)).toThrow(/needs Node 20\.19 or newer, this is/);
  });

  test("native modules compile against the headers next to node, and no install script downloads an engine", () => {
    using place = clone();
    mkdirSync(join(place.folder, "include", "node"), { recursive: true });
    writeFileSync(join(place.folder, "include", "node", "node_api.h"), "");
    const node = join(place.folder, "bin", "node");
    expect(installEnvironment({}, node)).toMatchObject({
      npm_config_nodedir: place.folder,
      ONNXRUNTIME_NODE_INSTALL: "skip",
      NODE_LLAMA_CPP_SKIP_DOWNLOAD: "true",
    });
    expect(installEnvironment({}, "/nowhere/bin/node")).not.toHaveProperty("npm_config_nodedir");
  });
});
