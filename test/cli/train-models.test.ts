// `playact train` and what a run stands on, the files of its models first: what is refused before it starts or goes on, each in a
// sentence with its exit code.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { report } from "../../src/cli/exit.ts";
import { trainCommand } from "../../src/cli/train.ts";
import { configSchema } from "../../src/config/config.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { toolsHash } from "../../src/run/own-tools.ts";
import { withCheckedAddresses } from "../../src/run/seats.ts";
import { modelsOfRun } from "../../src/store/run-models.ts";
import { createRun, listRuns } from "../../src/store/runs.ts";
import { closeStep, openStep } from "../../src/store/steps.ts";
import { openStore } from "../../src/store/store.ts";
import { userTools } from "../../src/tools/toolset.ts";
import { emptyPlace, type Place } from "../models/tiny-model.ts";
import { newWriter, type Temporary, temporaryStore } from "../store/temporary.ts";
import { changed, ggufBytes, smallestPolicy, writeGguf } from "../support/tiny-gguf.ts";

let place: Place;
let temporary: Temporary;
beforeEach(() => {
  [place, temporary] = [emptyPlace(), temporaryStore()];
});
afterEach(() => {
  temporary[Symbol.dispose]();
  place[Symbol.dispose]();
});

/** Exit code and message of a command that is refused. */
async function train(...args: string[]): Promise<{ readonly code: number; readonly said: string }> {
  let said = "";
  try {
    await trainCommand()
      .exitOverride()
      .parseAsync([...args, "--home", temporary.home], { from: "user" });
  } catch (error) {
    return { code: report(error, (text) => (said += text)), said };
  }
  return { code: 0, said };
}

describe("a start", () => {
  const file = (name: string, bytes: Buffer) => {
    const path = join(place.wheels, name);
    writeFileSync(path, bytes);
    return path;
  };
  const whole = ggufBytes(smallestPolicy);

  test.each([
    ["cut.gguf", whole.subarray(0, whole.length - 40), "is cut short"],
    ["archive.gguf", Buffer.from("PK archive"), "is no GGUF file"],
    ["embedding.gguf", ggufBytes({ metadata: { "general.architecture": "bert" } }), "is an embedding model (bert)"],
    [
      "mamba.gguf",
      ggufBytes(changed(smallestPolicy, { "general.architecture": "mamba" })),
      "does not say what a language model's does",
    ],
  ])("with the policy %s is refused", async (name, bytes, why) => {
    const { code, said } = await train("--dry-run", "--set", `models.policy=${file(name, bytes)}`);
    expect(code).toBe(4);
    expect(said).toContain(why);
    expect(said.trimEnd().split("\n")).toHaveLength(1);
  });

  test.each([
    ["qwen4", 'No model is called "qwen4"'],
    ["./nowhere.gguf", "There is no model file at "],
    ["hf:Org/m.gguf", "expected hf:ORG/REPO/FILE.gguf"],
    ["all-minilm-l6-v2", "is an embedder, not a language model"],
  ])("with %s is refused", async (name, why) => {
    const { code, said } = await train("--dry-run", "--set", `models.simulator=${name}`);
    expect([code, said.includes(why), said.trimEnd().split("\n").length]).toEqual([4, true, 1]);
  });
});

test("a checkpoint to go on from is looked up by --dry-run too", async () => {
  newWriter(temporary.store);
  const { code, said } = await train("--dry-run", "--from", "nobody@2");
  expect([code, said]).toEqual([2, expect.stringContaining("There is no run named nobody.")]);
});

test("own tools beside a task set are refused with advice that the next command does not refuse", async () => {
  const { code, said } = await train("--preset", "laptop-synth", "--tools", "docs/examples/my-tools.json", "--dry-run");
  expect([code, said]).toEqual([3, expect.stringMatching(/tasks of the set assembled .* --preset laptop, and no tasks\.source/)]);
  expect(() => resolveConfig({ preset: "laptop", set: ["tasks.tools=docs/examples/my-tools.json"] })).not.toThrow();
});

describe("a start with a whole file that does not fit its seat", () => {
  const start = (policy: string) =>
    train("--preset", "tiny", "--set", `models.policy=${policy}`, "--set", `models.simulator=${policy}`);
  const shape = Object.entries(smallestPolicy.metadata ?? {}).map(([key, value]) => [key.replace("qwen2.", "mistral9."), value]);
  const unknown = { ...Object.fromEntries(shape), "general.architecture": "mistral9" };

  test.each([
    ["an unknown architecture", unknown, "the learner does not know its architecture mistral9"],
    ["no markers", { "tokenizer.ggml.token_type": [1, 1, 1, 1] }, "the turn markers of no frame that Playact writes"],
  ])("(%s) is refused, and no run is created", async (_, metadata, why) => {
    const { code, said } = await start(writeGguf(join(place.wheels, "mine.gguf"), changed(smallestPolicy, metadata)));
    expect([code, said.includes(why), said.trimEnd().split("\n").length]).toEqual([4, true, 1]);
    using store = openStore(temporary.path);
    expect(listRuns(store)).toEqual([]);
  });
});

test("own tools are stored by their absolute path, those of a task set by its name", () => {
  const stored = (tools: string | null) => withCheckedAddresses(configSchema.parse({ tasks: { tools } })).tasks.tools;
  expect(stored("my-tools.json")).toBe(join(process.cwd(), "my-tools.json"));
  expect([stored("taskset:mine"), stored(null)]).toEqual(["taskset:mine", null]);
});

describe("a resume", () => {
  test("with fewer steps than are closed is refused, and the run stays as it is", async () => {
    const writer = newWriter(temporary.store, "mine");
    for (const step of [1, 2, 3]) {
      openStep(writer, step, { level: 30, policyVersion: step - 1 });
      closeStep(writer, step, { nextLevel: 30, nextPolicyVersion: step, metrics: {}, checkpoint: null });
    }
    const before = listRuns(temporary.store);
    expect(await train("--resume", "mine", "--steps", "2")).toEqual({
      code: 2,
      said: "playact: --steps counts all steps of a run, and run mine has closed 3: expected at least 3, got 2. Give a higher number, or leave out --steps.\n",
    });
    expect(listRuns(temporary.store)).toEqual(before);
  });

  const sha256 = "0".repeat(64);

  function run(models: { readonly policy: string; readonly simulator: string }, was = sha256) {
    const config = configSchema.parse({ models });
    const hashes = { policy: was, simulator: was, tools: null, doubt: null };
    return createRun(temporary.store, { preset: "tiny", config, versions: {}, models: hashes });
  }

  test("with a changed file is refused: both hashes, the path and what to do", async () => {
    const path = writeGguf(join(place.wheels, "mine.gguf"));
    const { name } = run({ policy: path, simulator: path });
    const { code, said } = await train("--resume", name);
    expect(code).toBe(4);
    expect(said).toMatch(
      new RegExp(
        `^playact: The policy of run ${name} has changed: it was started with a file of SHA-256 ${sha256}, and ${path} has [0-9a-f]{64}\\. Put the old file back, or start a new run\\.\\n$`,
      ),
    );
  });

  test("with changed tools is refused before any model is looked for, with the same ones it is not", async () => {
    const path = join(place.wheels, "tools.json");
    const write = (name: string) =>
      writeFileSync(path, JSON.stringify([{ name, description: "Finds.", parameters: { type: "object", properties: {} } }]));
    write("find_it");
    const config = configSchema.parse({ models: { policy: "./gone.gguf", simulator: "./gone.gguf" }, tasks: { tools: path } });
    const models = { policy: sha256, simulator: sha256, tools: toolsHash(userTools(path)), doubt: null };
    const { name } = createRun(temporary.store, { preset: "tiny", config, versions: {}, models });
    expect((await train("--resume", name)).said).toContain("gone.gguf");
    write("find_that");
    expect(await train("--resume", name)).toEqual({
      code: 3,
      said: `playact: The tools of run ${name} (${path}) have changed since it was started. Put the old ones back, or start a new run.\n`,
    });
  });

  test("with a file that is gone is refused", async () => {
    const path = writeGguf(join(place.wheels, "mine.gguf"));
    const { name } = run({ policy: path, simulator: path });
    rmSync(path);
    const { code, said } = await train("--resume", name);
    expect([code, said]).toEqual([4, `playact: There is no model file at ${path}. Check the path.\n`]);
  });
});

test("the hashes and the doubt of a run are stored with it, and old runs have none", () => {
  const config = configSchema.parse({});
  const [policy, simulator] = ["a".repeat(64), "b".repeat(64)];
  const tools = "c".repeat(64);
  const models = { policy, simulator, tools, doubt: "small" };
  const one = createRun(temporary.store, { preset: "tiny", config, versions: {}, models });
  const two = createRun(temporary.store, { preset: "tiny", config, versions: {} });
  using again = openStore(temporary.path);
  expect(modelsOfRun(again, one)).toEqual(models);
  expect(modelsOfRun(again, two)).toEqual({ policy: null, simulator: null, tools: null, doubt: null });
});
