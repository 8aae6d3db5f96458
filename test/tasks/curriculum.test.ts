import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextLevel } from "../../src/tasks/curriculum.ts";

describe("nextLevel", () => {
  it.each([
    [10, 0.5, 13],
    [10, 0.4999, 10],
    [10, 1, 13],
    [10, 0.0001, 10],
    [10, 0, 7],
    [10, -1, 7],
    [99, 1, 100],
    [100, 1, 100],
    [2, -1, 1],
    [1, -1, 1],
  ])("moves level %i at mean reward %d to %i", (level, reward, next) => {
    expect(nextLevel(level, reward)).toBe(next);
  });

  it.each([null, Number.NaN])("leaves the level alone when the mean is %s: every episode was aborted", (mean) => {
    expect(nextLevel(42, mean)).toBe(42);
  });

  it("needs 33 rises from the bottom to the top", () => {
    let level = 1;
    let rises = 0;
    for (; level < 100; rises++) level = nextLevel(level, 1);
    expect(rises).toBe(33);
  });

  it("keeps to floor and cap and to its own thresholds", () => {
    const options = { step: 10, floor: 20, cap: 60, raiseAt: 0.8, lowerAt: 0.2 };
    expect([nextLevel(55, 0.8, options), nextLevel(25, 0.2, options), nextLevel(40, 0.5, options)]).toEqual([60, 20, 40]);
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 60 }), fc.double({ min: -1, max: 1, noNaN: true }), (level, mean) => {
        const next = nextLevel(level, mean, options);
        expect(next).toBeGreaterThanOrEqual(20);
        expect(next).toBeLessThanOrEqual(60);
      }),
    );
  });
});
