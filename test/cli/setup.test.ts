// `playact setup` as a program of an installed package, with small real programs in place of Python: where it puts things, what
// it skips, and what it says when something is missing. The downloads are proved by scripts/check-package.mjs.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { smallModel } from "../llm/engine/small-model.ts";
import { type Built, buildPackage } from "../support/built.ts";
import { startPlayact } from "../support/playact.ts";

let built: Built;
beforeAll(() => {
  built = buildPackage("local");
});
afterAll(() => built[Symbol.dispose]());

interface Machine extends Disposable {
  readonly folder: string;
  /** Puts a shell script on the PATH. */
  program(name: string, script: string): void;
  /** Runs `playact setup` with nothing on the PATH but those programs. */
  run(words?: readonly string[], environment?: Readonly<Record<string, string>>): Promise<{ code: number | null; said: string }>;
}

/** An empty home, and a PATH with nothing but what a shell script needs. */
function machine(): Machine {
  const folder = mkdtempSync(join(tmpdir(), "playact-setup-"));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const tool of ["mkdir", "sh", "cp", "chmod"]) symlinkSync(join("/bin", tool), join(bin, tool));
  const home = { HOME: folder, XDG_DATA_HOME: join(folder, "data"), XDG_CACHE_HOME: join(folder, "cache"), PATH: bin };
  return {
    folder,
    program: (name, script) => {
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    },
    run: async (words = [], environment = {}) => {
      const { code, stderr } = await startPlayact(built.path("cli.js"), ["setup", "--preset", "tiny", ...words], folder, {
        ...home,
        ...environment,
      }).ended;
      return { code, said: stderr };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

/** A Python that answers its version, makes an environment with itself in it, and installs by writing down what. */
const python = `
case "$*" in
  *ensurepip*) echo 3.12 ;;
  *"-m venv"*) mkdir -p "$5/bin"; cp "$0" "$5/bin/python"; echo home > "$5/pyvenv.cfg" ;;
  *"pip --version"*) ;;
  *"pip install"*) echo "$*" >> "$HOME/installed" ;;
  *fetch_model*) echo '{"event":"failed","code":"unreachable","text":"no network here","got":""}' ;;
esac`;

const ends = (said: string, sentence: RegExp) => {
  expect(said).toMatch(sentence);
  expect(said).not.toMatch(/\n\s+at |internal error/);
};

test("Python's environment and the models go to the user's folders; what is done is skipped", async () => {
  using place = machine();
  place.program("python3", python);
  const models = join(place.folder, "cache", "playact", "models");
  mkdirSync(models, { recursive: true });
  symlinkSync(smallModel, join(models, "smollm2-135m-instruct-q4_1.gguf"));
  const first = await place.run();
  expect(first.said).toMatch(/ok {2}Python environment {2}\d.*\n.*\n.*ok {2}Python packages {2}\d[\s\S]*Set-up is complete/);
  expect(first.code).toBe(0);
  expect(existsSync(join(place.folder, "data", "playact", "python", "bin", "python"))).toBe(true);
  const installed = () => readFileSync(join(place.folder, "installed"), "utf8").trim().split("\n");
  expect(installed().at(-1)).toMatch(/ -r .*native\/requirements\.txt$/);
  const before = installed().length;
  const second = await place.run();
  expect(second.said.match(/\(already there\)/g)).toHaveLength(3);
  expect(installed()).toHaveLength(before);
});

test("packages that can no longer be imported are installed anew, in an environment made anew", async () => {
  using place = machine();
  const damaged = join(place.folder, "data", "playact", "python", "torch-is-damaged");
  const answers = `*"import torch"*) if [ -e '${damaged}' ]; then echo "ImportError: libtorch.so: file too short" >&2; exit 1; fi ;;`;
  place.program("python3", python.replace('  *"pip --version"*', `  ${answers}\n  *"pip --version"*`));
  const again = /ok {2}Python environment {2}\d[\s\S]*ok {2}Python packages {2}\d/;
  ends((await place.run()).said, again);
  expect((await place.run()).said.match(/Python \w+ {2}\(already there\)/g)).toHaveLength(2);
  writeFileSync(damaged, "");
  ends((await place.run()).said, again);
  expect(existsSync(damaged)).toBe(false);
});

test("packages that are installed and cannot be imported end the set-up with the reason", async () => {
  using place = machine();
  const answers = '*"import torch"*) echo "ImportError: libgomp.so.1: cannot open shared object file" >&2; exit 1 ;;';
  place.program("python3", python.replace('  *"pip --version"*', `  ${answers}\n  *"pip --version"*`));
  const reason =
    /installed, but cannot be imported \(ImportError: libgomp\.so\.1: .*\)\. Install what .*then: npx playact setup\n$/;
  const { code, said } = await place.run();
  ends(said, reason);
  expect(code).toBe(4);
  const again = await place.run();
  ends(again.said, reason);
  expect(again.said).not.toContain("-m venv"); // what is missing is not in the environment: it is kept
});

test.runIf(process.platform === "linux")("once there is a GPU, the CPU build of torch makes room for the GPU's", async () => {
  using place = machine();
  const asked = "  *importlib.metadata*) echo 2.13.0+cpu ;;";
  const answering = python.replace('  *"pip install"*)', `${asked}\n  *"pip uninstall"* | *"pip install"*)`);
  place.program("python3", answering);
  const installed = () => readFileSync(join(place.folder, "installed"), "utf8").trim().split("\n");
  await place.run();
  expect(installed().some((line) => line.includes("uninstall"))).toBe(false);
  const before = installed().length;
  place.program("nvidia-smi", "echo 'GPU 0: NVIDIA L4'");
  await place.run();
  expect(installed().slice(before)).toEqual([
    expect.stringMatching(/pip uninstall .*torch$/),
    expect.stringMatching(/pip install .* -r .*requirements\.txt$/),
  ]);
});

test("an environment that conda made, without pyvenv.cfg, is used", async () => {
  using place = machine();
  place.program("python3", python);
  const bin = join(place.folder, "data", "playact", "python", "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "python"), `#!/bin/sh${python}\n`, { mode: 0o755 });
  const { said } = await place.run();
  ends(said, /ok {2}Python environment {2}\(already there\)[\s\S]*ok {2}Python packages {2}\d/);
});

test("a variable that is set but empty counts as not set: a working environment is kept and used", async () => {
  using place = machine();
  place.program("python3", python);
  const unset = { PLAYACT_PYTHON: "", PLAYACT_MODELS: "" };
  const first = await place.run([], unset);
  ends(first.said, /ok {2}Python packages[\s\S]*could not be fetched/); // the model is looked for below the cache, not here
  const kept = join(place.folder, "data", "playact", "python", "mine.txt");
  writeFileSync(kept, "");
  expect((await place.run([], unset)).said).toMatch(/ok {2}Python environment {2}\(already there\)/);
  expect([existsSync(kept), existsSync(join(place.folder, "cache", "playact", "models"))]).toEqual([true, true]);
});

test("an environment that someone else made is left alone; one whose making was interrupted is made anew", async () => {
  using place = machine();
  place.program("python3", python);
  const environment = join(place.folder, "data", "playact", "python");
  mkdirSync(join(environment, "bin"), { recursive: true });
  writeFileSync(join(environment, "bin", "python"), "#!/bin/sh\necho 'No module named pip' >&2; exit 1\n", { mode: 0o755 });
  const refused = await place.run();
  ends(
    refused.said,
    /data\/playact\/python cannot be used .* with pip .* left alone\. Move it away, or .*then: npx playact setup\n$/,
  );
  expect([refused.code, existsSync(join(environment, "bin", "python"))]).toEqual([4, true]);

  rmSync(environment, { recursive: true });
  place.program("python3", python.replace('cp "$0" "$5/bin/python"', "exit 1"));
  expect((await place.run()).said).toMatch(/could not create/);
  place.program("python3", python);
  expect((await place.run()).said).toMatch(/ok {2}Python environment {2}\d[\s\S]*ok {2}Python packages {2}\d/);
});

test("a model that cannot be fetched is named with the command that fetches it", async () => {
  using place = machine();
  place.program("python3", python);
  const { code, said } = await place.run();
  ends(said, /could not be fetched \(.*no network here.*then: npx playact models get smollm2-135m-instruct\n$/);
  expect(code).toBe(4);
});

test("no Python", async () => {
  using place = machine();
  const { code, said } = await place.run();
  ends(said, /Python 3\.11 to 3\.\d+ is missing\. Install one .*npx playact setup\n$/);
  expect(code).toBe(4);
});

test("a Python that is too old counts as none", async () => {
  using place = machine();
  place.program("python3", "echo 3.9");
  expect((await place.run()).said).toMatch(/Python 3\.11 to 3\.\d+ is missing/);
});

test("a Python without its venv module", async () => {
  using place = machine();
  place.program("python3", 'echo 3.12; echo "No module named ensurepip" >&2; exit 1');
  const { code, said } = await place.run();
  ends(said, /Python 3\.12 lacks its venv module\. Install it .*python3\.12-venv/);
  expect(code).toBe(4);
});

test("a chosen Python that is too old to be started safely", async () => {
  using place = machine();
  place.program("chosen", 'echo "Unknown option: -P"; echo "usage: python [option] ..."; exit 2');
  const { code, said } = await place.run([], { PLAYACT_PYTHON: join(place.folder, "bin", "chosen") });
  ends(said, /names .*chosen, which cannot train \(it is older than Python 3\.11\)/);
  expect(code).toBe(4);
});

test("pip's failure comes with its last lines; a disk that it filled has code 5", async () => {
  using place = machine();
  place.program("python3", python.replace('echo "$*" >> "$HOME/installed"', 'echo "ERROR: Max retries exceeded" >&2; exit 1'));
  const unreached = await place.run();
  ends(unreached.said, /ERROR: Max retries exceeded\n\nplayact: pip cannot reach its package index.*then: npx playact setup\n$/);
  expect(unreached.code).toBe(4);
  rmSync(join(place.folder, "data"), { recursive: true });
  place.program("python3", python.replace('echo "$*" >> "$HOME/installed"', 'echo "No space left on device" >&2; exit 1'));
  const full = await place.run();
  ends(full.said, /The disk is full \(.*data\/playact\/python\)\. Make room, then: npx playact setup\n$/);
  expect(full.code).toBe(5);
});

test("the tests' needs are for a clone, and an unknown purpose is named with the known ones", async () => {
  using place = machine();
  expect(await place.run(["--for", "test"])).toMatchObject({
    code: 2,
    said: expect.stringContaining("--for test works only in a clone"),
  });
  expect(await place.run(["--for", "fun"])).toMatchObject({
    code: 2,
    said: expect.stringMatching(/'fun' is invalid.*train, test/),
  });
  expect(await place.run(["--preset", "huge"])).toMatchObject({ code: 2, said: expect.stringMatching(/Unknown preset "huge"/) });
});
