// Numbers within exact bounds, as rules over their digits: what the grammar allows is always valid.
import type { Json } from "../../types.ts";
import type { CharacterSet, Rule } from "./rule.ts";

/** Digits that a double always keeps. */
export const mostDigits = 15;

const digit = (from: number, to: number): Rule => ({ set: [[48 + from, 48 + to]] satisfies CharacterSet });
const many = (least: number, most = least): Rule[] => (most === 0 ? [] : [{ of: digit(0, 9), least, most }]);

/**
 * Numbers from `low` to `high` with at most `decimals` decimals; null if there are none. A number without decimals has no
 * decimal point, so `decimals` 0 gives integers.
 */
export function numberRule(low: number, high: number, decimals: number): Rule | null {
  const forms = Array.from({ length: decimals + 1 }, (_, places) => {
    // bounds on the grid of this many decimals; the small shift undoes the rounding of the multiplication
    const [from, to] = [Math.ceil(scaled(low, places) - 1e-6), Math.floor(scaled(high, places) + 1e-6)];
    const negative = from < 0 ? unsigned(Math.max(1, -to), -from, places) : [];
    const positive = to >= 0 ? unsigned(Math.max(0, from), to, places) : [];
    return [...negative.map((rule): Rule => ({ all: ["-", rule] })), ...positive];
  }).flat();
  return forms.length === 0 ? null : { any: forms };
}

function scaled(value: number, places: number): number {
  return value * 10 ** places;
}

/** Integers low..high, each with a decimal point before its last `places` digits. */
function unsigned(low: number, high: number, places: number): Rule[] {
  if (low > high) return [];
  const rules: Rule[] = [];
  const [shortest, longest] = [low, high].map((value) => Math.max(places + 1, String(value).length)) as [number, number];
  /** Lengths at which every number is within the bounds. */
  const whole: number[] = [];
  for (let length = shortest; length <= longest; length++) {
    const first = length === places + 1 ? 0 : 10 ** (length - 1);
    const [from, to] = [Math.max(low, first), Math.min(high, 10 ** length - 1)];
    if (from > to) continue;
    if (first > 0 && from === first && to === 10 ** length - 1) whole.push(length);
    else
      rules.push(
        ...columns(String(from).padStart(length, "0"), String(to).padStart(length, "0")).map(
          (parts): Rule => ({ all: dotted(parts, places) }),
        ),
      );
  }
  const [least] = whole;
  if (least === undefined) return rules;
  const tail = places === 0 ? [] : [".", ...many(places)];
  return [...rules, { all: [digit(1, 9), ...many(least - 1 - places, (whole.at(-1) ?? least) - 1 - places), ...tail] }];
}

/** A range of digits for one position. */
type Column = readonly [from: number, to: number];

/** The numbers between two of the same length, as sequences of digit ranges. */
function columns(from: string, to: string): Column[][] {
  if (from === "") return [[]];
  const [a, b, lower, upper] = [Number(from[0]), Number(to[0]), from.slice(1), to.slice(1)];
  if (a === b) return columns(lower, upper).map((rest) => [[a, a], ...rest]);
  const all = [...lower].map((): Column => [0, 9]);
  const [lowest, highest] = [/^0*$/.test(lower), /^9*$/.test(upper)];
  const [first, last] = [lowest ? a : a + 1, highest ? b : b - 1];
  return [
    ...(lowest ? [] : columns(lower, "9".repeat(lower.length)).map((rest): Column[] => [[a, a], ...rest])),
    ...(first <= last ? [[[first, last] as const, ...all]] : []),
    ...(highest ? [] : columns("0".repeat(upper.length), upper).map((rest): Column[] => [[b, b], ...rest])),
  ];
}

function dotted(parts: readonly Column[], places: number): Rule[] {
  const shown = parts.map(([from, to]) => (from === to ? String(from) : digit(from, to)));
  return places === 0 ? shown : [...shown.slice(0, -places), ".", ...shown.slice(-places)];
}

/** Decimals of a number as it is written: 3 of 0.005; 0 of what is none. */
export function decimalsOf(value: Json | undefined): number {
  if (typeof value !== "number") return 0;
  const [, whole = "", exponent = "0"] = /^-?\d+(?:\.(\d+))?(?:e-(\d+))?$/.exec(String(value)) ?? [];
  return whole.length + Number(exponent);
}

/** Most multiples that a grammar lists. */
const mostMultiples = 100;

/** Multiples of `step` from `low` to `high`: all where decimals express them, else at most a hundred; null if there are none. */
export function multiplesRule(step: number, low: number, high: number): Rule | null {
  const decimals = decimalsOf(step);
  if (scaled(step, decimals) === 1) return numberRule(low, high, decimals);
  const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
  if (first > last) return null;
  const stride = Math.max(1, Math.ceil((last - first + 1) / mostMultiples));
  const listed = [];
  for (let index = first; index <= last; index += stride) listed.push(String(Number((index * step).toFixed(decimals))));
  return { any: listed };
}
