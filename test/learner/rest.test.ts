// What the learner's process gives back at rest, with the real model: its frozen weights, and no cycle keeps any of them.
import { join } from "node:path";
import { expect, test } from "vitest";
import type { UpdateRequest } from "../../src/learner/learner.ts";
import { startLearner } from "../../src/learner/torch.ts";
import { pythonPath } from "../../src/models/python.ts";
import { openRequest } from "../suites/learner.suite.ts";
import { slope } from "../support/memory.ts";

const model = join(import.meta.dirname, "../../models/smollm2-135m-instruct-q4_1.gguf");
const request: UpdateRequest = {
  minibatches: [[{ ids: [11, 25, 40, 33], mask: [0, 0, 1, 1], logprobs: [0, 0, -3, -3], advantages: [0, 0, 1, 1] }]],
  loss: { kind: "sft" },
  learningRate: 0,
};

test("rest frees the frozen weights, and twenty cycles leave memory flat", async () => {
  const learner = await startLearner({ python: pythonPath(), deadlineSeconds: 60 });
  try {
    await learner.open({ ...openRequest, model, threads: 1 });
    const { metrics } = await learner.update(request);
    const light = (await learner.rest("weights")) / 1e6;
    const deep = (await learner.rest("nothing")) / 1e6;
    expect(light - deep).toBeGreaterThan(0.9 * 134.5 * 4); // 134.5 million weights in float32
    const held: number[] = [];
    for (let cycle = 0; cycle < 20; cycle++) {
      await learner.wake();
      held.push((await learner.rest("nothing")) / 1e6);
    }
    expect(slope(held.slice(10))).toBeLessThan(2);
    await learner.wake();
    expect((await learner.update(request)).metrics.loss).toBe(metrics.loss);
  } finally {
    await learner.close();
  }
});
