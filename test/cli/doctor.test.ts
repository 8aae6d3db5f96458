// `playact doctor` in process: what it reports, how it fails, what can be pasted into a bug report.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Check } from "../../src/cli/checks.ts";
import { doctorCommand } from "../../src/cli/doctor.ts";
import { reportOf, wantedKinds } from "../../src/cli/simulator-health.ts";
import { type Finding, type Kind, kinds } from "../../src/health/examine.ts";
import { nvidiaCards } from "../../src/llm/engine/nvidia.ts";
import { chatServer } from "../support/chat-server.ts";
import { pathWithCard, pythonThatSees } from "../support/nvidia.ts";

interface Answer {
  readonly printed: string;
  /** The error it ended with, or null. */
  readonly error: unknown;
}

/** Runs the command with some environment variables, and a home of its own unless one is given. */
async function doctor(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const folder = mkdtempSync(join(tmpdir(), "playact-doctor-"));
  const before = { ...process.env };
  Object.assign(process.env, { PLAYACT_HOME: folder, PLAYACT_MODELS: folder, HF_HUB_CACHE: folder, ...environment });
  let printed = "";
  try {
    await doctorCommand((text) => {
      printed += text;
    }).parseAsync(args, { from: "user" });
    return { printed, error: null };
  } catch (error) {
    return { printed, error };
  } finally {
    process.env = before;
    rmSync(folder, { recursive: true });
  }
}

function findingsOf(answer: Answer): Map<string, Check> {
  const findings = JSON.parse(answer.printed) as Check[]; // what printJson wrote from exactly these
  return new Map(findings.map((finding) => [finding.name, finding]));
}

/** With a real GPU both sides compute there. */
const noCard = (await nvidiaCards()) === null;
const noPython = { PLAYACT_PYTHON: "/nowhere/python" };

describe("what is present", () => {
  test("versions of engine, store and learner are asked of the things themselves", async () => {
    const found = findingsOf(await doctor(["--json"]));
    expect(found.get("node")).toEqual({ name: "node", state: "ok", found: process.versions.node, fix: null });
    expect(found.get("engine")?.found).toMatch(/^node-llama-cpp \d+\.\d+\.\d+, llama\.cpp (?!unknown)\S+$/);
    expect(found.get("engine device")?.found).toMatch(/^(cpu|metal|cuda \(.+\))/);
    expect(found.get("learner device")?.found).toMatch(/\S/);
    expect(found.get("sqlite")?.found).toMatch(/^3\.\d+\.\d+$/);
    for (const name of ["torch", "transformers", "peft", "gguf"]) {
      expect(found.get(name)).toMatchObject({ state: "ok", found: expect.stringMatching(/^\d+\.\d+/) });
    }
    expect(found.get("home")).toMatchObject({ state: "ok" });
  });
});

describe("what is missing", () => {
  test("each failing line says how to fix it, and the command fails for the environment after the report", async () => {
    const answer = await doctor([], noPython);
    expect(answer.printed).toMatch(/^fail {2}python .*\/nowhere\/python.* -> {2}npm run setup$/m);
    expect(answer.printed).toMatch(
      /^fail {2}qwen2\.5-coder-0\.5b-instruct .*-> {2}npx playact models get qwen2\.5-coder-0\.5b-instruct$/m,
    );
    expect(answer.error).toMatchObject({
      boundary: "environment",
      message: expect.stringMatching(/^Not ready: python, qwen2\.5/),
    });
  });

  test("Python beside a GPU leaves every other line as it is; what the GPU has room for is not known", async () => {
    const folder = mkdtempSync(join(tmpdir(), "playact-doctor-"));
    const { printed, error } = await doctor([], { ...noPython, PATH: pathWithCard(folder), CUDA_VISIBLE_DEVICES: "0" });
    rmSync(folder, { recursive: true });
    expect(printed).toMatch(
      /^warn {2}preset .*24\.2 GB free on the GPU, but what fits is not known: .*\/nowhere\/python.* -> {2}npm run setup$/m,
    );
    expect(printed).toMatch(/^fail {2}python /m);
    expect(printed).toMatch(/^ok {4}home /m);
    expect(error).toMatchObject({ boundary: "environment", message: expect.stringMatching(/^Not ready: python/) });
  });

  test.runIf(noCard)("a preset for GPUs is not named where engine and learner do not both compute there", async () => {
    const folder = mkdtempSync(join(tmpdir(), "playact-doctor-"));
    const half = {
      PATH: pathWithCard(folder),
      CUDA_VISIBLE_DEVICES: "0",
      PLAYACT_PYTHON: pythonThatSees(folder, { bfloat16: true }),
    };
    const preset = findingsOf(await doctor(["--json"], half)).get("preset");
    rmSync(folder, { recursive: true });
    expect(preset).toMatchObject({ state: "warn", found: expect.stringMatching(/not both engine and learner compute there/) });
  });

  test("a model that only the tests need is no failure", async () => {
    const found = findingsOf(await doctor(["--json"], noPython));
    expect(found.get("smollm2-135m-instruct")?.state).toBe("warn");
  });

  test("a damaged model is reported as damaged", async () => {
    const folder = mkdtempSync(join(tmpdir(), "playact-doctor-"));
    writeFileSync(join(folder, "smollm2-135m-instruct-q4_1.gguf"), "not a model");
    const found = findingsOf(await doctor(["--json"], { ...noPython, PLAYACT_MODELS: folder }));
    expect(found.get("smollm2-135m-instruct")).toMatchObject({
      state: "fail",
      fix: "npx playact models get smollm2-135m-instruct",
    });
    rmSync(folder, { recursive: true });
  });

  test("a home that cannot be a folder fails", async () => {
    const found = findingsOf(await doctor(["--json", "--home", "/dev/null/home"], noPython));
    expect(found.get("home")?.state).toBe("fail");
  });
});

describe("--policy", () => {
  test("and --simulator are two checks: the one that would not be made is named", async () => {
    const asked = doctor(["--simulator", "--only", "user", "--policy", "smollm2-135m-instruct"]);
    const message = expect.stringMatching(/^--simulator does not use --policy, only --model, --only, --home, --json\./);
    expect((await asked).error).toMatchObject({ boundary: "usage", message });
  });

  test("prints how the manifest says that a model writes calls", async () => {
    const { printed, error } = await doctor(["--policy", "qwen2.5-coder-0.5b-instruct", "--json"]);
    expect(error).toBe(null);
    expect(JSON.parse(printed)).toMatchObject({ architecture: "qwen2", dialect: "json-fence", markers: "pieces", probe: [] });
  });

  test("says what the probe of a model needs if its file is not present", async () => {
    const { template, chosen } = JSON.parse((await doctor(["--policy", "smollm2-135m-instruct", "--json"])).printed);
    expect(template).toMatch(/^known after the model is fetched: npx playact models get smollm2/);
    expect(chosen).toBe(template);
  });

  test("an unknown model is reported with the known ones", async () => {
    expect((await doctor(["--policy", "gpt"])).error).toMatchObject({
      boundary: "model",
      message: expect.stringContaining("Known models:"),
    });
  });
});

describe("--simulator", () => {
  test("names the kinds if it is asked for an unknown one, before a model is loaded", async () => {
    const { error } = await doctor(["--simulator", "--only", "verdict/guessed"]);
    expect(error).toMatchObject({ boundary: "usage", message: expect.stringContaining("Kinds: verdict/rules, verdict/mixed") });
    expect(wantedKinds(["user", "verdict/mixed"])).toEqual(["verdict/rules", "verdict/mixed", "user/chosen", "user/written"]);
    expect(wantedKinds(["user"])).toEqual(["user/chosen", "user/written"]);
    expect(wantedKinds([])).toEqual(kinds);
  });

  test("examines a model on a server like any other", async () => {
    await using server = await chatServer();
    const only = ["--only", "user/chosen", "--only", "tools/written"];
    const { printed, error } = await doctor(["--simulator", "--model", `${server.url}#big`, ...only, "--json"]);
    expect(error).toBe(null);
    const { done, of, model } = JSON.parse(printed);
    expect(done).toBe(of);
    expect(model).toBe(`${server.url}#big`);
    expect(server.asked.length).toBeGreaterThan(5);
  });

  test("refuses an unknown model, and what goes with it alone", async () => {
    expect((await doctor(["--simulator", "--model", "gpt"])).error).toMatchObject({ boundary: "model" });
    expect((await doctor(["--model", "smollm2-135m-instruct"])).error).toMatchObject({ boundary: "usage" });
  });

  test("reports all, tuned and held-out cases separately, and which presets fit what is trusted", () => {
    const finding = (kind: Kind, heldOut: boolean, right: boolean): Finding => ({
      ...{ kind, heldOut, right, name: "w: x", world: "w", sort: null, reward: null, came: "", seconds: 1, tokens: 1 },
    });
    const findings = [
      finding("user/chosen", false, true),
      finding("tools/blueprint", true, true),
      finding("tools/blueprint", false, true),
    ];
    const rules: Finding = { ...finding("verdict/rules", false, false), right: null, sort: "honest", reward: 1 };
    const report = reportOf("m", [...findings, rules], kinds, 99);
    expect(report).toMatchObject({
      done: 4,
      of: 99,
      presets: ["laptop", "evening", "gpu-24gb", "gpu-80gb", "tiny", "laptop-synth", "laptop-trial"],
      advice: { set: { "simulator.user": "chosen" } },
      unknown: [],
    });
    const part = reportOf("m", findings, ["verdict/rules", "user/chosen"], 9);
    expect(part.presets).not.toContain("laptop");
    expect(part.unknown).toContain("laptop"); // its tools were not examined
    const casesOf = (part: "all" | "tuned" | "heldOut") => report[part].find(({ kind }) => kind === "tools/blueprint")?.cases;
    expect([casesOf("all"), casesOf("tuned"), casesOf("heldOut")]).toEqual([2, 1, 1]);
  });
});
