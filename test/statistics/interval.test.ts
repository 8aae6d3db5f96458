import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { meanEstimate, type Pair, pairedGain, wilson } from "../../src/statistics/interval.ts";

interface Recorded {
  readonly wilson: readonly { readonly right: number; readonly of: number; readonly low: number; readonly high: number }[];
  /** Tables of right and wrong, one a stratum. */
  readonly changes: readonly {
    readonly tables: readonly { readonly pairs: number; readonly won: number; readonly lost: number }[];
    readonly gain: number;
    readonly low: number;
    readonly high: number;
  }[];
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

/** Pairs of right and wrong, of which so many were won and lost. */
const table = (pairs: number, won: number, lost: number): Pair[] => [
  ...items(won, 0, 1),
  ...items(lost, 1, 0),
  ...items(pairs - won - lost, 1, 1),
];

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

describe("a mean of estimates", () => {
  const whole = { value: 1, ...wilson(5, 5) };

  test("is no surer than its parts allow: all right in two categories of five is not all right for certain", () => {
    const mean = meanEstimate([whole, whole]);
    expect(mean).toMatchObject({ value: 1, high: 1 });
    expect(mean.low).toBeCloseTo(1 - (1 - whole.low) / Math.SQRT2, 12);
    expect(meanEstimate([whole]).low).toBeCloseTo(whole.low, 12);
  });
});

describe("a paired gain of rows that are right or wrong", () => {
  test.each(recorded.changes)("of $tables has the interval of the score test", ({ tables, gain, low, high }) => {
    const own = pairedGain(tables.map(({ pairs, won, lost }) => table(pairs, won, lost)));
    expect(own.gain).toBeCloseTo(gain, 12);
    expect(own.low).toBeCloseTo(low, 6);
    expect(own.high).toBeCloseTo(high, 6);
  });

  test("has the published intervals", () => {
    // Fagerland, Lydersen and Laake, Statistical Analysis of Contingency Tables (2017), chapter 8
    expect(pairedGain([table(21, 1, 7)])).toMatchObject({ low: expect.closeTo(-0.517, 3), high: expect.closeTo(-0.026, 3) });
    expect(pairedGain([table(161, 6, 16)])).toMatchObject({ low: expect.closeTo(-0.124, 4), high: expect.closeTo(-0.0054, 4) });
  });

  test("can be told from 0 where McNemar's test tells it, and not because all changes go one way", () => {
    for (let pairs = 1; pairs <= 12; pairs++)
      for (let won = 0; won <= pairs; won++)
        for (let lost = 0; lost <= pairs - won; lost++) {
          const told = (won - lost) ** 2 > 1.959963984540054 ** 2 * (won + lost);
          const { distinguishable } = pairedGain([table(pairs, won, lost)]);
          expect({ pairs, won, lost, distinguishable }).toEqual({ pairs, won, lost, distinguishable: told });
        }
  });

  test("has width where nothing changed, the less the more rows there are", () => {
    const squared = 1.959963984540054 ** 2;
    const { gain, low, high } = pairedGain([table(30, 0, 0)]);
    expect([gain, low, high]).toEqual([
      0,
      expect.closeTo(-squared / (30 + squared), 12),
      expect.closeTo(squared / (30 + squared), 12),
    ]);
  });
});

describe("a paired gain of other values", () => {
  test.each(recorded.gains)("of $name has numpy's interval", ({ strata, gain, low, high, deviation }) => {
    const own = pairedGain(strata);
    expect(own.gain).toBeCloseTo(gain, 12);
    // 10,000 resamples: a quantile of 2.5 % has a standard error of 0.027 deviations; and of rewards in quarters it moves by quarters
    const step = strata.length === 1 && (strata[0]?.length ?? 0) === 100 ? 0.25 / 100 : 0;
    expect(Math.abs(own.low - low)).toBeLessThanOrEqual(Math.max(0.08 * deviation, step + 1e-9));
    expect(Math.abs(own.high - high)).toBeLessThanOrEqual(Math.max(0.08 * deviation, step + 1e-9));
    expect(own.distinguishable).toBe(low > 0 || high < 0);
  });

  test("is paired: the same change in every item has no spread, however far apart the items are", () => {
    const far = Array.from({ length: 12 }, (_, at) => ({ before: at, after: at + 0.5 }));
    expect(pairedGain([far])).toEqual({ gain: 0.5, low: 0.5, high: 0.5, distinguishable: true });
  });

  test("gives each stratum the same weight, and resamples within it", () => {
    const strata = [items(100, 0.5, 0.5), items(10, 0, 0.5)];
    expect(pairedGain(strata)).toEqual({ gain: 0.25, low: 0.25, high: 0.25, distinguishable: true });
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
