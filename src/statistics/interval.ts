// How sure a score or a gain is: Wilson's interval for a share, a paired bootstrap for the difference of two policies on the
// same items. Pure; every resample has a named seed, so that the same values give the same interval on every machine.
import { draws } from "../rng.ts";

/** 95 % in both functions. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The value of one item under two policies, e.g. 0 and 1: wrong before, right after. */
export interface Pair {
  readonly before: number;
  readonly after: number;
}

export interface Gain extends Interval {
  /** Mean of after - before: over the items of a stratum, then over the strata, each with the same weight. */
  readonly gain: number;
  /** False if the interval holds 0. */
  readonly distinguishable: boolean;
}

/** Standard normal quantile of 0.975. */
const z = 1.959963984540054;
const tail = 0.025;

/**
 * Wilson's score interval for `right` of `of` items. Of no item nothing is known: 0 to 1.
 * SQL has the same formula in the view benchmark_summary.
 */
export function wilson(right: number, of: number): Interval {
  if (of === 0) return { low: 0, high: 1 };
  const share = right / of;
  const middle = (share + (z * z) / (2 * of)) / (1 + (z * z) / of);
  const half = (z / (1 + (z * z) / of)) * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  // the exact bounds of none and of all right are 0 and 1
  return { low: right === 0 ? 0 : middle - half, high: right === of ? 1 : middle + half };
}

/**
 * The mean gain with its percentile interval. Items are resampled within their stratum (strata: [stratum][item]): a comparison
 * without strata is one stratum.
 * @throws RangeError for no stratum, or an empty one: there is nothing to compare
 */
export function pairedGain(strata: readonly (readonly Pair[])[], resamples = 10_000): Gain {
  if (strata.length === 0 || strata.some((items) => items.length === 0))
    throw new RangeError(`every stratum needs an item, got ${JSON.stringify(strata.map((items) => items.length))}`);
  const differences = strata.map((items) => Float64Array.from(items, ({ before, after }) => after - before));
  const gain = mean(differences.map((items) => mean(items)));
  const { integer } = draws("paired gain", resamples);
  const means = Float64Array.from({ length: resamples }, () => mean(differences.map((items) => resampled(items, integer))));
  means.sort();
  const [low, high] = [quantile(means, tail), quantile(means, 1 - tail)];
  return { gain, low, high, distinguishable: low > 0 || high < 0 };
}

/** Mean of as many items, drawn with replacement. */
function resampled(items: Float64Array, integer: (low: number, high: number) => number): number {
  let sum = 0;
  for (let n = 0; n < items.length; n++) sum += items[integer(0, items.length - 1)] ?? 0;
  return sum / items.length;
}

/** Of sorted values, linear between two. */
function quantile(sorted: Float64Array, at: number): number {
  const place = at * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] ?? 0;
  return sum / values.length;
}
