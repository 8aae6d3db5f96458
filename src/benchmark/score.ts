// Scores of stored rows with their intervals, and the comparison of two policies row by row. Pure.
import { type Gain, type Interval, meanEstimate, type Pair, pairedGain, wilson } from "../statistics/interval.ts";
import type { StoredMark } from "../store/benchmark.ts";
import { categories } from "./rows.ts";

/** The categories of the mean that is reported; those with several calls in a turn stand beside it. */
export const meanOf = ["simple_python", "multiple", "irrelevance"] as const;

export interface CategoryScore extends Interval {
  readonly category: string;
  readonly rows: number;
  readonly right: number;
  readonly score: number;
}

/** The mean over categories, each with the same weight; null if none of `meanOf` was played. */
export interface MeanScore extends Interval {
  readonly categories: readonly string[];
  readonly score: number;
}

export interface Scored {
  readonly categories: readonly CategoryScore[];
  readonly mean: MeanScore | null;
  /** Wrong rows by kind of error, most frequent first. */
  readonly errors: Readonly<Record<string, number>>;
}

export interface CategoryGain extends Gain {
  readonly category: string;
  readonly rows: number;
}

export interface Comparison {
  readonly categories: readonly CategoryGain[];
  readonly mean: (Gain & { readonly categories: readonly string[] }) | null;
}

type Mark = Pick<StoredMark, "category" | "position" | "correct" | "error">;

/** Scores of one policy. */
export function scoreMarks(marks: readonly Mark[]): Scored {
  const scores = played(marks).map((category) => {
    const own = marks.filter((mark) => mark.category === category);
    const right = own.filter(({ correct }) => correct).length;
    return { category, rows: own.length, right, score: right / own.length, ...wilson(right, own.length) };
  });
  const kinds = new Map<string, number>();
  for (const { error } of marks) if (error !== null) kinds.set(error, (kinds.get(error) ?? 0) + 1);
  return {
    categories: scores,
    mean: meanScore(scores),
    errors: Object.fromEntries([...kinds].sort(([, a], [, b]) => b - a)),
  };
}

/** What `after` gains over `before` on the rows that both have played. */
export function compareMarks(before: readonly Mark[], after: readonly Mark[]): Comparison {
  const earlier = new Map(before.map((mark) => [`${mark.category} ${mark.position}`, Number(mark.correct)]));
  const pairs = after.flatMap(({ category, position, correct }) => {
    const own = earlier.get(`${category} ${position}`);
    return own === undefined ? [] : [{ category, before: own, after: Number(correct) }];
  });
  const gains = played(pairs).map((category) => {
    const own = pairs.filter((pair) => pair.category === category);
    return { category, rows: own.length, ...pairedGain([own]) };
  });
  return { categories: gains, mean: meanGain(pairs) };
}

/** Its interval is put together from those of the categories, so that it is no surer than they allow where all rows are right. */
function meanScore(scores: readonly CategoryScore[]): MeanScore | null {
  const parts = meanOf.flatMap((category) => scores.find((one) => one.category === category) ?? []);
  if (parts.length === 0) return null;
  const { value, low, high } = meanEstimate(parts.map((part) => ({ ...part, value: part.score })));
  return { categories: parts.map(({ category }) => category), score: value, low, high };
}

function meanGain(pairs: readonly (Pair & { readonly category: string })[]): Comparison["mean"] {
  const own = meanOf.filter((category) => pairs.some((pair) => pair.category === category));
  if (own.length === 0) return null;
  return { categories: own, ...pairedGain(own.map((category) => pairs.filter((pair) => pair.category === category))) };
}

/** The categories of these rows, in the benchmark's order. */
function played(rows: readonly { readonly category: string }[]): readonly string[] {
  return categories.filter((category) => rows.some((row) => row.category === category));
}
