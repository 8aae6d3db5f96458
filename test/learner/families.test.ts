// Every family that can be trained, on a tiny random model of it (native/trainer/tests/families.py): the engine and the learner
// read the same positions, near and far, and an update reaches the engine. Real llama.cpp, real torch, 400 kB of weights.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Learner } from "../../src/learner/learner.ts";
import { startLearner } from "../../src/learner/torch.ts";
import { openEngine } from "../../src/llm/engine/llama.ts";
import { packageRoot } from "../../src/models/installation.ts";
import { findOnDisk } from "../../src/models/model.ts";
import { pythonPath } from "../../src/models/python.ts";
import { draws } from "../../src/rng.ts";
import { probePositions } from "../../src/run/positions.ts";
import { checkPolicy } from "../../src/run/seats.ts";
import { grpo, openRequest } from "../suites/learner.suite.ts";

const folder = mkdtempSync(join(tmpdir(), "playact-families-"));
beforeAll(() => {
  execFileSync(pythonPath(), ["-m", "trainer.tests.families", folder], { cwd: join(packageRoot, "native") });
});
afterAll(() => rmSync(folder, { recursive: true }));

const fileOf = (name: string) => join(folder, `${name}.gguf`);
const engineOf = (name: string) =>
  openEngine({
    policyModel: fileOf(name),
    simulatorModel: null,
    mode: "fast",
    gpu: "off",
    threads: 1,
    policySequences: 1,
    policyContext: 1792,
    simulatorSequences: 1,
    simulatorContext: 256,
  });

/** Of the samples and of the update on them; as no default has it. */
const temperature = 0.7;

/** Text ids, so many that position 1,500 has neighbours. */
const random = draws(5);
const ids = Array.from({ length: 1510 }, () => random.integer(0, 255));
const [near, far] = [10, 1500];
/** Largest difference at the ten positions from `position` on. */
const gapAt = (position: number, one: readonly number[], other: readonly number[]) =>
  Math.max(...one.slice(position, position + 10).map((logprob, at) => Math.abs(logprob - (other[position + at] ?? Number.NaN))));

describe.each(["qwen2", "qwen3", "llama-3.1", "llama-linear"])("%s", (name) => {
  let learner: Learner;
  beforeAll(async () => {
    learner = await startLearner({ python: pythonPath(), deadlineSeconds: 60 });
    await learner.open({ ...openRequest, model: fileOf(name), threads: 1 });
  });
  afterAll(() => learner.close());
  const learned = async () => (await learner.logprobs([ids], "policy", 1))[0] ?? [];

  test("the learner reads near and far positions as the engine does, and an update reaches the engine", async () => {
    await using engine = await engineOf(name);
    const [base, same] = [await engine.score(ids), await learned()];
    expect(gapAt(near, base, same)).toBeLessThan(0.01);
    expect(gapAt(far, base, same)).toBeLessThan(0.01);
    expect(await probePositions(engine, learner, 1792)).toMatchObject({ position: 1500, far: expect.closeTo(0, 2) });

    const prompt = ids.slice(0, 40);
    const sampleOf = async (seed: number, advantage: number) => {
      const request = { ids: prompt, seed, temperature, maxTokens: 12, stop: new Set<number>(), deadlineMs: 60_000 };
      const { ids: said, logprobs } = await engine.policy.sample(request);
      const zeros = prompt.map(() => 0);
      return {
        ids: [...prompt, ...said],
        mask: [...zeros, ...said.map(() => 1)] as (0 | 1)[],
        logprobs: [...zeros, ...logprobs],
        advantages: [...zeros, ...said.map(() => advantage)],
      };
    };
    const { metrics } = await learner.update({
      minibatches: [[await sampleOf(1, 1), await sampleOf(2, -1)]],
      loss: { ...grpo, temperature },
      learningRate: 0.05,
    });
    expect(metrics["sampling/sampling_logp_difference/max"]).toBeLessThan(0.01);
    const { gguf: path, hash } = await learner.save(join(folder, `${name}-saved`));
    await engine.swap({ path, hash }, 1);
    const [moved, learnt] = [await engine.score(ids), await learned()];
    expect(gapAt(far, moved, base)).toBeGreaterThan(0.1);
    expect(gapAt(near, moved, learnt)).toBeLessThan(0.01);
    expect(gapAt(far, moved, learnt)).toBeLessThan(0.01);
  });
});

test.each(["llama-3.1", "llama-linear"])(
  "a learner that misses how %s scales positions is far off at a far one, and no session opens with it",
  async (name) => {
    await using engine = await engineOf(name);
    const learner = await startLearner({ python: pythonPath(), deadlineSeconds: 60 });
    try {
      await learner.open({ ...openRequest, model: fileOf(`${name}-plain`), threads: 1 });
      const [missing = []] = await learner.logprobs([ids], "policy", 1);
      expect(gapAt(far, await engine.score(ids), missing)).toBeGreaterThan(0.1);
      await expect(probePositions(engine, learner, 1792)).rejects.toThrow(/do not read this policy alike/);
    } finally {
      await learner.close();
    }
  },
);

test.each(["qwen2", "qwen3", "llama-3.1", "llama-linear"])("%s may be the policy by its header", async (name) => {
  const model = await findOnDisk(fileOf(name));
  expect(() => checkPolicy(model)).not.toThrow();
});

test("a kind of scaling that the learner does not compute is refused from the header", async () => {
  const model = await findOnDisk(fileOf("llama-yarn"));
  expect(() => checkPolicy(model)).toThrow(/stretches positions by yarn/);
});
