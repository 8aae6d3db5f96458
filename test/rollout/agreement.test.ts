import { expect, test } from "vitest";
import { agreementOf, firstHalf, noneSolved } from "../../src/rollout/agreement.ts";
import { aborted, judged } from "../support/trajectory.ts";

const verdict = (reward: number, rules: number) => judged(reward, { verdict: { reward, rules, judge: null, reason: "" } });

test("the first half is the larger one", () => {
  expect([1, 2, 3, 6, 8].map(firstHalf)).toEqual([1, 1, 2, 3, 4]);
});

test.each([
  ["full marks for all", [verdict(1, 1), verdict(1, 1), verdict(1, 1)], "success"],
  ["full marks but for rounding", [verdict(1, 1), verdict(1 - 1e-12, 1)], "success"],
  ["full marks beside an abort", [verdict(1, 1), aborted(), verdict(1, 1)], "success"],
  ["the same, but less than full marks: others may report better", [verdict(0.8, 1), verdict(0.8, 1)], null],
  ["one of them failed", [verdict(1, 1), verdict(1, 1), verdict(-1, 0)], null],
  ["the same failure", [verdict(-1, 0), verdict(-1, 0)], "failure"],
  ["failures of different worth: there is something to compare", [verdict(-1, 0), verdict(0.25, 0.75)], null],
  ["a written verdict of full marks against the rules", [verdict(1, 0.5), verdict(1, 0.5)], "failure"],
  ["right calls of which nobody reports", [verdict(0.5, 1), verdict(0.5, 1)], "failure"],
  ["one alone agrees with nobody", [verdict(1, 1)], null],
  ["one survivor agrees with nobody", [verdict(-1, 0), aborted()], null],
  ["nobody", [], null],
] as const)("%s", (_, half, agreed) => {
  expect(agreementOf(half)).toBe(agreed);
});

test("nobody solved a task if somebody was judged and nobody made all calls and reported on them", () => {
  expect(noneSolved([verdict(-1, 0), aborted(), verdict(0.4, 0.9)])).toBe(true);
  expect(noneSolved([verdict(-1, 0), verdict(0.5, 1)])).toBe(true);
  expect(noneSolved([verdict(-1, 0), verdict(0.75, 1)])).toBe(false);
  expect(noneSolved([aborted()])).toBe(false);
});
