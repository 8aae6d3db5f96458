// The gain of one phase over another, paired over the items that both played. Pure.
import { gainText } from "./markdown.mjs";

/** @typedef {{ right: Record<string, number> }} Item */

/**
 * @param {readonly (readonly Item[])[]} strata
 * @param {readonly [string, string]} phases
 * @param {Pick<typeof import("../../src/statistics/interval.ts"), "pairedGain">} statistics
 */
export function phaseGain(strata, [before, after], { pairedGain }) {
  const pairs = strata.map((items) =>
    items.flatMap(({ right }) =>
      before in right && after in right ? [{ before: right[before] ?? 0, after: right[after] ?? 0 }] : [],
    ),
  );
  return pairs.some((one) => one.length === 0) ? "-" : gainText(pairedGain(pairs));
}
