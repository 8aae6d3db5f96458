// Opens the real parts of a run, with the smallest model and no step: devices are reported and stored, with warnings; and a stop
// at once ends the learner too.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { resolveConfig } from "../../src/config/resolve.ts";
import { nvidiaCards } from "../../src/llm/engine/nvidia.ts";
import { pythonPath } from "../../src/models/python.ts";
import { openSession } from "../../src/run/open.ts";
import type { ProgressEvent } from "../../src/run/session.ts";
import { heldOutTools, toolsetsOf } from "../../src/run/toolsets.ts";
import { acquireLease } from "../../src/store/lease.ts";
import { createRun, findRun } from "../../src/store/runs.ts";
import { lastStart } from "../../src/store/starts.ts";
import type { Toolset } from "../../src/types.ts";
import { temporaryStore } from "../store/temporary.ts";
import { pathWithCard } from "../support/nvidia.ts";
import { childrenOf, until } from "../support/processes.ts";
import { writeGguf } from "../support/tiny-gguf.ts";

afterEach(() => vi.unstubAllEnvs());

test("a stop at once closes the learner, also while the run opens", async () => {
  using temporary = temporaryStore();
  const { config } = resolveConfig({ preset: "tiny", ablation: [], set: ["learner.device=cpu", "engine.residency=turns"] });
  const run = createRun(temporary.store, { preset: "tiny", config, versions: {} });
  const writer = acquireLease(temporary.store, run, { pid: process.pid, token: "one" });
  const stop = new AbortController();
  const watch = { progress: () => stop.abort(), pause: () => undefined, signal: stop.signal };
  await expect(openSession(writer, temporary.home, watch)).rejects.toThrow("the learner was closed");
});

test("a model file that was replaced since the run was started is refused, whoever starts the worker", async () => {
  using temporary = temporaryStore();
  const file = writeGguf(join(temporary.home, "mine.gguf"));
  const { config } = resolveConfig({ preset: "tiny", set: [`models.policy=${file}`, `models.simulator=${file}`] });
  const watch = { progress: () => undefined, pause: () => undefined, signal: new AbortController().signal };
  const opening = (was: { readonly policy: string | null; readonly simulator: string | null }) => {
    const models = { ...was, tools: null, doubt: null };
    const run = createRun(temporary.store, { preset: "tiny", config, versions: {}, models });
    return openSession(acquireLease(temporary.store, run, { pid: process.pid, token: run.name }), temporary.home, watch);
  };
  const old = "0".repeat(64);
  await expect(opening({ policy: old, simulator: old })).rejects.toMatchObject({
    boundary: "model",
    message: expect.stringMatching(`The policy of run .* has changed: .*${old}, and ${file} has `),
  });
  await expect(opening({ policy: null, simulator: old })).rejects.toThrow(/^The simulator of run .* has changed/);
});

test.runIf(process.platform === "linux")(
  "a learner that refuses its settings is closed, so that the command can end",
  async () => {
    using temporary = temporaryStore();
    const { config } = resolveConfig({ preset: "tiny", ablation: [], set: ["learner.device=mps"] });
    const run = createRun(temporary.store, { preset: "tiny", config, versions: {} });
    const writer = acquireLease(temporary.store, run, { pid: process.pid, token: "one" });
    const watch = { progress: () => undefined, pause: () => undefined, signal: new AbortController().signal };
    const before = childrenOf(process.pid);
    await expect(openSession(writer, temporary.home, watch)).rejects.toThrow("torch finds no device mps");
    await until(() => childrenOf(process.pid).every((child) => before.includes(child)));
  },
);

test.runIf((await nvidiaCards()) === null)(
  "a start reports and stores the devices of the opened parts, and warns about an unused GPU",
  async () => {
    using temporary = temporaryStore();
    const { config } = resolveConfig({ preset: "tiny", ablation: [], set: ["learner.device=cpu", "learner.dtype=float32"] });
    const run = createRun(temporary.store, { preset: "tiny", config, versions: {} });
    const writer = acquireLease(temporary.store, run, { pid: process.pid, token: "one" });
    vi.stubEnv("PATH", pathWithCard(temporary.home));
    const events: ProgressEvent[] = [];
    const progress = (event: ProgressEvent) => void events.push(event);
    const watch = { progress, pause: () => undefined, signal: new AbortController().signal };
    await (await openSession(writer, temporary.home, watch))[Symbol.asyncDispose]();

    expect(findRun(temporary.store, run.name).form).toEqual({ dialect: "hermes", markers: "pieces" }); // as in the manifest
    const torch = execFileSync(pythonPath(), ["-c", "import torch; print(torch.__version__)"], { encoding: "utf8" }).trim();
    const engine = process.platform === "darwin" ? "metal" : "cpu";
    expect(lastStart(temporary.store, run)).toMatchObject({
      ...{ torch, engine, learner: "cpu", dtype: "float32" },
      policy: { dtype: "Q4_1", layers: 31 },
      versions: {
        playact: expect.stringMatching(/^\d/),
        node: process.versions.node,
        "llama.cpp": expect.stringMatching(/\d/),
      },
    });
    const told = events.flatMap((event) =>
      event.kind === "phase" || event.kind === "warning" ? [`${event.kind}: ${event.text}`] : [],
    );
    expect(told).toContainEqual(
      expect.stringMatching(new RegExp(`^phase: engine on ${engine} \\(policy Q4_1.*learner on cpu \\(float32, torch`)),
    );
    const warnings = told.filter((line) => /^warning: nvidia-smi reports a GPU \(NVIDIA L4/.test(line));
    expect(warnings).toHaveLength(engine === "cpu" ? 1 : 0); // the learner was told to train on the CPU
  },
  120_000,
);

test("a run trains on all of the user's own tools, and is evaluated on the same ones, unless the config holds some out", () => {
  using temporary = temporaryStore();
  const file = join(temporary.home, "tools.json");
  const names = ["github", "jira"].flatMap((name) => ["open", "close", "list"].map((verb) => `${name}_${verb}`));
  const parameters = { type: "object", properties: { id: { type: "string" } }, required: ["id"] };
  writeFileSync(file, JSON.stringify(names.map((name) => ({ name, description: `Does ${name}.`, parameters }))));
  const of = (...set: readonly string[]) => {
    const { train, heldOut } = toolsetsOf(resolveConfig({ preset: "laptop", set: [`tasks.tools=${file}`, ...set] }).config);
    return [train, heldOut].map((toolsets) => toolsets.map(({ name }) => name).sort());
  };
  expect(of()).toEqual([Array(2).fill(expect.any(String)), of()[0]]);
  const [train = [], heldOut = []] = of("evaluation.heldOut=0.5");
  expect([train.length, heldOut.length, new Set([...train, ...heldOut]).size]).toEqual([1, 1, 2]);
});

test("a start names the user's own tools that it holds out, and says nothing where there are none", () => {
  const tool = (name: string) => ({ name, description: "", parameters: {} });
  const toolset = (name: string): Toolset => ({ domain: "user", name, tools: [tool(`${name}_open`)] });
  const [one, other] = [toolset("github"), toolset("jira")];
  const own = resolveConfig({ preset: "tiny", set: ["tasks.tools=my-tools.json"] }).config;
  expect(heldOutTools(own, { train: [one], heldOut: [other] })).toEqual([
    expect.stringMatching(/^tools: 1 of your 2 .*\(jira_open\)/),
  ]);
  const all = [one, other];
  expect([heldOutTools(own, { train: all, heldOut: all }), heldOutTools(own, { train: all, heldOut: [] })]).toEqual([[], []]);
  const { config } = resolveConfig({ preset: "tiny", set: [] });
  expect(heldOutTools(config, { train: [one], heldOut: [other] })).toEqual([]);
});
