// The phases of a result ("base", "step 4"): which step one is, the last one under one name, the gain of one over another. Pure.
import { gainText } from "./markdown.mjs";

/** @typedef {{ right: Record<string, number> }} Item */

/** -1: before the warm-up. */
export const stepOf = (/** @type {string} */ phase) => (phase === "base" ? -1 : Number(phase.replace("step ", "")));

/** Values by phase, that of the last step as "last step", since runs may differ in their steps. @param {Record<string, number>} values @param {number} last */
export const withLast = (values, last) =>
  Object.fromEntries(
    Object.entries(values).map(([phase, value]) => [last > 0 && stepOf(phase) === last ? "last step" : phase, value]),
  );

/**
 * The gain of one phase over another, paired over the items that both played.
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
