import { expect, test } from "vitest";
import { compareMarks, scoreMarks } from "../../src/benchmark/score.ts";
import { wilson } from "../../src/statistics/interval.ts";

/** Marks of a category: 1 is right. */
const marks = (category: string, correct: readonly number[]) =>
  correct.map((one, position) => ({ category, position, correct: one === 1, error: one === 1 ? null : "no_call" }));
const half = [1, 0, 1, 0, 1, 0, 1, 0];

test("a score has the rows of its category, and the mean gives every category the same weight", () => {
  const { categories, mean, errors } = scoreMarks([
    ...marks("irrelevance", half),
    ...marks("simple_python", [1, 1]),
    ...marks("parallel", [0]),
  ]);
  expect(categories.map(({ category, rows, right, score }) => [category, rows, right, score])).toEqual([
    ["simple_python", 2, 2, 1],
    ["parallel", 1, 0, 0],
    ["irrelevance", 8, 4, 0.5],
  ]);
  expect(categories[2]).toMatchObject(wilson(4, 8));
  expect(mean).toMatchObject({ categories: ["simple_python", "irrelevance"], score: 0.75 });
  // two of two are not all for certain: the mean is put together from both intervals
  const [all, some] = [wilson(2, 2), wilson(4, 8)];
  expect(mean?.low).toBeCloseTo(0.75 - Math.hypot(1 - all.low, 0.5 - some.low) / 2, 12);
  expect(mean?.high).toBeCloseTo(0.75 + (some.high - 0.5) / 2, 12);
  expect(errors).toEqual({ no_call: 5 });
  expect(scoreMarks(marks("parallel", [1])).mean).toBeNull();
});

test("two policies are compared row by row: the same rows in another order are no gain", () => {
  const before = marks("multiple", half);
  const { categories, mean } = compareMarks(before, before.toReversed());
  expect(categories).toMatchObject([{ category: "multiple", rows: 8, gain: 0, distinguishable: false }]);
  expect(mean).toMatchObject({ gain: 0, high: expect.closeTo(0.324, 3), distinguishable: false });
  // the same scores, but other rows: no gain, and its interval is wider
  const other = compareMarks(before, marks("multiple", half.toReversed())).categories[0];
  expect(other?.gain).toBe(0);
  expect(other?.high).toBeGreaterThan(0.5);
});

test("the mean gain gives every category the same weight, however many rows it has", () => {
  const [few, many] = [marks("simple_python", [0, 0]), marks("irrelevance", half)];
  const { mean } = compareMarks([...few, ...many], [...marks("simple_python", [1, 1]), ...many]);
  expect(mean).toMatchObject({ categories: ["simple_python", "irrelevance"], gain: 0.5 });
});

test("only rows that both have played are compared", () => {
  const { categories } = compareMarks(marks("multiple", [0, 0, 1]), [
    ...marks("multiple", [1, 1, 1, 1, 1]),
    ...marks("parallel", [1]),
  ]);
  expect(categories).toMatchObject([{ category: "multiple", rows: 3, gain: expect.closeTo(2 / 3, 12) }]);
});
