import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type ConfigInput, configSchema } from "../../src/config/config.ts";
import { scriptedLearner } from "../../src/learner/scripted.ts";
import { scriptedEngine } from "../../src/llm/scripted.ts";
import { devicesOf, devicesText, idleCard } from "../../src/run/devices.ts";
import type { Devices } from "../../src/store/starts.ts";
import { exampleDevices, processorOnly } from "../store/temporary.ts";
import { openRequest } from "../suites/learner.suite.ts";
import { pathWithCard } from "../support/nvidia.ts";

describe("the start line", () => {
  test("has both devices, the data types of the weights and torch's version", () => {
    expect(devicesText(processorOnly)).toBe(
      "engine on cpu (policy Q4_K_M; simulator Q8_0), learner on cpu (float32, torch 2.13.0+cpu)",
    );
  });

  test("on a GPU also has the number of layers on it", () => {
    expect(devicesText(exampleDevices)).toBe(
      "engine on cuda (NVIDIA L4) (policy Q4_K_M, 25 of 25 layers on the GPU; simulator Q8_0, 12 of 29 layers on the GPU), learner on cuda:0 (NVIDIA L4) (bfloat16, torch 2.13.0)",
    );
  });

  test("is made from what the two ports report", async () => {
    const reply = await scriptedLearner().open(openRequest);
    expect(devicesOf(scriptedEngine(), reply)).toMatchObject({ engine: "scripted", learner: "cpu", torch: "scripted" });
  });
});

describe("an unused GPU", () => {
  const folder = mkdtempSync(join(tmpdir(), "playact-devices-"));
  beforeEach(() => void vi.stubEnv("PATH", pathWithCard(folder)));
  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => rmSync(folder, { recursive: true }));
  const warned = (devices: Devices, config: ConfigInput = {}) => idleCard(configSchema.parse(config), devices);

  test("gives a warning for engine and learner each, with the GPU's name and what to do", async () => {
    const [engine, learner, ...more] = await warned(processorOnly);
    expect(engine).toMatch(/NVIDIA L4.*the engine computes on the CPU/);
    expect(learner).toMatch(/NVIDIA L4.*the learner trains on the CPU: torch is its CPU build; "npm run setup"/);
    expect(more).toEqual([]);
    expect(await warned({ ...exampleDevices, learner: "cpu" })).toEqual([expect.stringMatching(/torch finds no CUDA.*driver/)]);
  });

  test("gives no warning if both use it, if the config asks for the CPU, or if no driver answers", async () => {
    expect(await warned(exampleDevices)).toEqual([]);
    expect(await warned(processorOnly, { engine: { gpu: "off" }, learner: { device: "cpu" } })).toEqual([]);
    vi.stubEnv("PATH", folder);
    expect(await warned(processorOnly)).toEqual([]);
  });
});
