import { describe, expect, test } from "vitest";
import { lrSchedulers } from "../../src/config/config.ts";
import { learningRateAt } from "../../src/learner/schedule.ts";

const rates = (lrSchedulerType: (typeof lrSchedulers)[number], steps: number, warmupSteps = 0) =>
  Array.from({ length: steps }, (_, index) =>
    learningRateAt(index + 1, steps, { learningRate: 1, lrSchedulerType, warmupSteps }),
  );

describe("the learning rate of a step", () => {
  test("constant, linear and cosine go from the whole rate towards 0", () => {
    expect(rates("constant", 4)).toEqual([1, 1, 1, 1]);
    expect(rates("linear", 4)).toEqual([1, 0.75, 0.5, 0.25]);
    const half = Math.SQRT1_2 / 2;
    for (const [index, wanted] of [1, 0.5 + half, 0.5, 0.5 - half].entries()) {
      expect(rates("cosine", 4)[index]).toBeCloseTo(wanted, 12);
    }
  });

  test("rises in equal parts through the warm-up, then has the rest of the run", () => {
    expect(rates("constant", 5, 3)).toEqual([0.25, 0.5, 0.75, 1, 1]);
    expect(rates("linear", 5, 1)).toEqual([0.5, 1, 0.75, 0.5, 0.25]);
  });

  test.each(lrSchedulers)(
    "%s is never 0 within the run, nor above its rate, also where the warm-up is longer than it",
    (type) => {
      for (const warmupSteps of [0, 2, 40]) {
        for (const rate of rates(type, 20, warmupSteps)) {
          expect(rate).toBeGreaterThan(0);
          expect(rate).toBeLessThanOrEqual(1);
        }
      }
      expect(rates(type, 1)).toEqual([1]);
    },
  );
});
