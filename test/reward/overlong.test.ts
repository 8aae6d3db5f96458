import { expect, test } from "vitest";
import { assignAdvantages } from "../../src/reward/assign.ts";
import { overlongPenalty } from "../../src/reward/overlong.ts";
import { blueprint } from "../support/blueprint.ts";
import { judged, message } from "../support/trajectory.ts";

test("an answer within the limit less the buffer loses nothing, one at the limit 1, between them in a line", () => {
  const penalties = [0, 80, 85, 90, 100, 500].map((tokens) => overlongPenalty(tokens, 100, 20));
  expect(penalties).toEqual([0, 0, -0.25, -0.5, -1, -1]);
});

test("a buffer of 0 is off", () => {
  expect([1, 100, 1000].map((tokens) => overlongPenalty(tokens, 100, 0))).toEqual([0, 0, 0]);
});

test("of two equally good answers the overlong one has the lower advantage; what it was judged stays", () => {
  const task = blueprint();
  const limit = task.limits.responseTokens;
  const long = [message("user", "x".repeat(10 * limit)), message("assistant", "y".repeat(limit - 1)), message("tool", "z")];
  const groups = [{ index: 0, ids: [1, 2], task, trajectories: [judged(1, { task }), judged(1, { task, messages: long })] }];
  const options = { mode: "uniform", normalizeStd: false } as const;
  expect(assignAdvantages(groups, options)[0]).toMatchObject({ dead: true });
  const [shaped] = assignAdvantages(groups, options, Math.floor(limit / 2));
  expect(shaped?.advantages).toEqual([[0.5], [-0.5]]);
  expect(shaped?.trajectories.map((trajectory) => trajectory.verdict?.reward)).toEqual([1, 1]);
});
