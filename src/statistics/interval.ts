// How sure a score or a gain is: Wilson's interval for a share; for the difference of two policies on the same items Tango's score
// interval where every item is right or wrong, else a paired bootstrap. Pure; every resample has a named seed, so that the same
// values give the same interval on every machine.
import { draws } from "../rng.ts";

/** 95 % in all functions. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Estimate extends Interval {
  readonly value: number;
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
 * The mean of independent estimates, each with the same weight. The distance of a bound from the mean is the square root of the
 * summed squares of the parts' distances (MOVER; Zou and Donner 2008, Statistics in Medicine 27:1693), so that the mean has width
 * where its parts have any. Of one estimate it is that one.
 * @throws RangeError for no estimate
 */
export function meanEstimate(parts: readonly Estimate[]): Estimate {
  if (parts.length === 0) throw new RangeError("a mean needs an estimate");
  const value = mean(parts.map((part) => part.value));
  const distance = (bound: keyof Interval) => Math.hypot(...parts.map((part) => part.value - part[bound])) / parts.length;
  return { value, low: value - distance("low"), high: value + distance("high") };
}

/**
 * The mean gain with its interval; strata: [stratum][item], and a comparison without strata is one stratum. Where all items are 0 or 1
 * on both sides it is Tango's interval of each stratum, and the mean of these (meanEstimate). Of other values, e.g. rewards, it is
 * the percentile interval of means whose items are resampled within their stratum; of few items that is too sure.
 * @throws RangeError for no stratum, or an empty one: there is nothing to compare
 */
export function pairedGain(strata: readonly (readonly Pair[])[], resamples = 10_000): Gain {
  if (strata.length === 0 || strata.some((items) => items.length === 0))
    throw new RangeError(`every stratum needs an item, got ${JSON.stringify(strata.map((items) => items.length))}`);
  const marked = strata.every((items) => items.every(({ before, after }) => isMark(before) && isMark(after)));
  const { value, low, high } = marked ? meanEstimate(strata.map(tango)) : bootstrap(strata, resamples);
  return { gain: value, low, high, distinguishable: low > 0 || high < 0 };
}

const isMark = (value: number) => value === 0 || value === 1;

/**
 * Tango's score interval (1998, Statistics in Medicine 17:891) for the mean difference of pairs of 0 and 1: every difference that
 * the score test does not reject. It excludes 0 where McNemar's test without correction rejects (Fagerland, Lydersen and Laake
 * 2013, BMC Medical Research Methodology 13:91, find its error close to 5 %): from four changes on if all go one way, where an exact
 * test asks for six. Where nothing changed it still has width.
 */
function tango(pairs: readonly Pair[]): Estimate {
  const of = pairs.length;
  const won = pairs.filter(({ before, after }) => after > before).length;
  const lost = pairs.filter(({ before, after }) => after < before).length;
  const holds = (difference: number) => {
    // the likeliest share of losses if this were the difference: the root of a quadratic
    const [a, b] = [2 * of, (2 * of - won + lost) * difference - won - lost];
    const c = -lost * difference * (1 - difference);
    const losses = (Math.sqrt(Math.max(0, b * b - 4 * a * c)) - b) / (2 * a); // rounding may take the square below 0
    const off = won - lost - of * difference;
    return off * off <= z * z * of * (2 * losses + difference * (1 - difference));
  };
  const value = (won - lost) / of;
  return { value, low: lastThat(holds, value, -1), high: lastThat(holds, value, 1) };
}

/** The last number for which it holds on the way from `from`, where it does, to `to`; by halving. */
function lastThat(holds: (at: number) => boolean, from: number, to: number): number {
  let [inside, outside] = [from, to];
  // a double has 53 bits
  for (let n = 0; n < 60; n++) {
    const middle = (inside + outside) / 2;
    if (holds(middle)) inside = middle;
    else outside = middle;
  }
  return inside;
}

function bootstrap(strata: readonly (readonly Pair[])[], resamples: number): Estimate {
  const differences = strata.map((items) => Float64Array.from(items, ({ before, after }) => after - before));
  const { integer } = draws("paired gain", resamples);
  const means = Float64Array.from({ length: resamples }, () => mean(differences.map((items) => resampled(items, integer))));
  means.sort();
  return { value: mean(differences.map(mean)), low: quantile(means, tail), high: quantile(means, 1 - tail) };
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
