import { expect, test } from "vitest";
import { configSchema } from "../../src/config/config.ts";
import { openRequest } from "../../src/run/open-request.ts";
import { planWith } from "../support/plan.ts";

test("the learner is opened with the run's own rank, optimizer, device and threads", () => {
  const optimizer = { learningRate: 1e-3, betas: [0.5, 0.6], eps: 1e-5, weightDecay: 0.07, gradClip: 0.8 } as const;
  const learner = {
    ...optimizer,
    betas: [0.5, 0.6] as [number, number],
    rank: 5,
    alpha: 9,
    device: "cpu",
    dtype: "float32",
  } as const;
  const asked = openRequest(configSchema.parse({ seed: 3, engine: { threads: 6 }, learner }), planWith(), "policy.gguf");
  expect(asked).toMatchObject({ model: "policy.gguf", optimizer, device: "cpu", dtype: "float32", threads: 6 });
  expect(asked.lora).toMatchObject({ rank: 5, alpha: 9 });
  const seedOf = (seed: number) => openRequest(configSchema.parse({ seed }), planWith(), "policy.gguf").lora.seed;
  expect(seedOf(3)).toBe(asked.lora.seed);
  expect(seedOf(4)).not.toBe(seedOf(3));
});
