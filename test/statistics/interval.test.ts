import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Pair, pairedGain, wilson } from "../../src/statistics/interval.ts";

interface Recorded {
  readonly wilson: readonly { readonly right: number; readonly of: number; readonly low: number; readonly high: number }[];
  readonly gains: readonly {
    readonly name: string;
    readonly strata: readonly (readonly Pair[])[];
    readonly gain: number;
    readonly low: number;
    readonly high: number;
    /** Of the bootstrap's means. */
    readonly deviation: number;
  }[];
}

const path = fileURLToPath(new URL("../fixtures/intervals.json", import.meta.url));
const recorded: Recorded = JSON.parse(readFileSync(path, "utf8")); // written by scripts/record-intervals.py

/** So many equal items. */
const items = (count: number, before: number, after: number): Pair[] => Array.from({ length: count }, () => ({ before, after }));

describe("Wilson's interval", () => {
  test.each(recorded.wilson)("of $right right of $of is scipy's", ({ right, of, low, high }) => {
    const own = wilson(right, of);
    expect(own.low).toBeCloseTo(low, 12);
    expect(own.high).toBeCloseTo(high, 12);
  });

  test("of nothing is everything", () => {
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  });
});

describe("a paired gain", () => {
  test.each(recorded.gains)("of $name has numpy's interval", ({ strata, gain, low, high, deviation }) => {
    const own = pairedGain(strata);
    expect(own.gain).toBeCloseTo(gain, 12);
    // 10,000 resamples: a quantile of 2.5 % has a standard error of 0.027 deviations; and of rows of 0 and 1 it moves by whole rows
    const step = strata.length === 1 && Number.isInteger(strata[0]?.[0]?.before) ? 1 / (strata[0]?.length ?? 1) : 0;
    expect(Math.abs(own.low - low)).toBeLessThanOrEqual(Math.max(0.08 * deviation, step + 1e-9));
    expect(Math.abs(own.high - high)).toBeLessThanOrEqual(Math.max(0.08 * deviation, step + 1e-9));
    expect(own.distinguishable).toBe(low > 0 || high < 0);
  });

  test("is paired: the same change in every item has no spread, however far apart the items are", () => {
    const far = Array.from({ length: 12 }, (_, at) => ({ before: at, after: at + 0.5 }));
    expect(pairedGain([far])).toEqual({ gain: 0.5, low: 0.5, high: 0.5, distinguishable: true });
  });

  test("gives each stratum the same weight, and resamples within it", () => {
    const strata = [items(100, 0, 0), items(10, 0, 1)];
    expect(pairedGain(strata)).toEqual({ gain: 0.5, low: 0.5, high: 0.5, distinguishable: true });
  });

  test("of nothing that changed, or of few items that changed both ways, cannot be told from 0", () => {
    expect(pairedGain([items(30, 1, 1)])).toEqual({ gain: 0, low: 0, high: 0, distinguishable: false });
    expect(pairedGain([[...items(4, 0, 1), ...items(2, 1, 0)]]).distinguishable).toBe(false);
    expect(pairedGain([[...items(2, 0, 1), ...items(9, 1, 0)]])).toMatchObject({ distinguishable: true });
  });

  test("is the same each time it is computed", () => {
    const strata = recorded.gains[0]?.strata ?? [];
    expect(pairedGain(strata)).toEqual(pairedGain(strata));
  });

  test("needs an item in every stratum", () => {
    expect(() => pairedGain([])).toThrow("stratum");
    expect(() => pairedGain([items(3, 0, 1), []])).toThrow("[3,0]");
  });
});
