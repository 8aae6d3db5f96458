// A few runs of scripts/fuzz-bridge.mjs with other seeds: faults of the child in random order and combination. Every call
// must settle, closing must end and the process must exit. The script does a thousand runs.
import { describe, expect, test } from "vitest";
import { fuzzLight } from "../../scripts/fuzz-bridge.mjs";
import { startLearner } from "../../src/learner/torch.ts";
import { pythonPath } from "../../src/models/python.ts";

describe("a bridge with random faults", () => {
  test("never leaves a call, a closing or a process hanging", async () => {
    const seeds = Array.from({ length: 24 }, (_, i) => 5000 + i);
    const outcomes: unknown[] = [];
    const work = async () => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
        outcomes.push(await fuzzLight(startLearner, pythonPath(), seed));
      }
    };
    await Promise.all([work(), work(), work()]);
    expect(outcomes).toHaveLength(24);
  });
});
