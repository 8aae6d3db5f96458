import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { advantageModes, returnModes } from "../../src/config/training.ts";
import { type AdvantageOptions, advantages, isDead, type RewardedRollout, tgrpo } from "../../src/reward/advantage.ts";

const rollout = (reward: number, turnRewards: readonly number[] = [0], aborted = false) => ({ reward, turnRewards, aborted });
const uniform: AdvantageOptions = { mode: "uniform", normalizeStd: true };

/** Advantages of rewards with one turn each. */
const flat = (rewards: readonly number[], options = uniform) =>
  tgrpo(
    rewards.map((reward) => rollout(reward)),
    options,
  ).map(([advantage]) => advantage);

describe("the group's outcome", () => {
  it("is centred and divided by the SAMPLE standard deviation plus 1e-6", () => {
    // mean 0, sum of squares 2, sample deviation sqrt(2 / 3) = 0.816497 (the population's would be 0.707107)
    const scale = 0.816496580927726 + 1e-6;
    expect(flat([1, 0, 0, -1])).toEqual([1 / scale, 0, 0, -1 / scale]);
  });

  it("is only centred without normalizeStd", () => {
    expect(flat([1, 0, 0, 0], { mode: "uniform", normalizeStd: false })).toEqual([0.75, -0.25, -0.25, -0.25]);
  });

  it("goes unchanged on every turn in uniform mode, whatever the turns earned", () => {
    const [first, second] = tgrpo([rollout(1, [-1, 0, 1]), rollout(0, [])], { mode: "uniform", normalizeStd: false });
    expect(first).toEqual([0.5, 0.5, 0.5]);
    expect(second).toEqual([]);
  });

  it("is exactly zero in a group of equal rewards, also those that binary fractions miss", () => {
    for (const reward of [0, 1, -1, 0.1, 0.3, 1 / 3]) {
      expect(flat(Array(7).fill(reward))).toEqual(Array(7).fill(0));
    }
  });

  it("is exactly zero if rewards differ by rounding alone, in every mode and with every kind of returns", () => {
    const turns = (reward: number) => ({ ...rollout(reward, [0, 0.5]), turnTokens: [2, 1] });
    const spreads = [
      [0.1 + 0.2, 0.3, 0.3],
      [0.1 + 0.7, 0.8, 1 - 0.2],
      [0.1 + 0.2 - 0.3, 0, 0],
      [0.75, 0.75 + 1e-13, 0.75],
    ];
    for (const rewards of spreads)
      for (const normalizeStd of [true, false])
        for (const mode of advantageModes) {
          const found = advantages(rewards.map(turns), { mode, normalizeStd });
          expect([rewards, mode, found.flat()]).toEqual([rewards, mode, Array(2 * rewards.length).fill(0)]);
          expect(isDead(found)).toBe(true);
        }
    // turns of one episode differ by the discount: one turn each
    const single = (reward: number) => ({ ...rollout(reward, [0]), turnTokens: [1] });
    for (const rewards of spreads)
      for (const returns of returnModes)
        for (const normalizeStd of [true, false])
          expect(isDead(advantages(rewards.map(single), { mode: "uniform", normalizeStd, returns }))).toBe(true);
  });

  it("is not zero if rewards differ by little", () => {
    for (const rewards of [
      [0.3, 0.31, 0.3],
      [0.5, 0.5 + 1e-9],
    ]) {
      expect(
        isDead(
          advantages(
            rewards.map((reward) => rollout(reward)),
            uniform,
          ),
        ),
      ).toBe(false);
      expect(flat(rewards).reduce<number>((total, one) => total + (one ?? Number.NaN), 0)).toBeCloseTo(0, 9);
    }
  });

  it("leaves aborted rollouts out of the statistics and gives them zeros", () => {
    const judged = [rollout(1, [0, 0]), rollout(-1)];
    const withAborted = [rollout(1, [0, 0]), rollout(-5, [1, -1], true), rollout(-1), rollout(Number.NaN, [0], true)];
    const [good, lost, bad, broken] = tgrpo(withAborted, uniform);
    expect([good, bad]).toEqual(tgrpo(judged, uniform));
    expect(lost).toEqual([0, 0]);
    expect(broken).toEqual([0]);
  });

  it.each([true, false])("of a lone survivor is its raw reward (normalizeStd %s)", (normalizeStd) => {
    const group = [rollout(0, [0], true), rollout(-0.4, [0, 0]), rollout(1, [0], true)];
    expect(tgrpo(group, { mode: "uniform", normalizeStd })).toEqual([[0], [-0.4, -0.4], [0]]);
  });

  it("is all zeros if no rollout survived, and nothing for an empty group", () => {
    expect(tgrpo([rollout(1, [1, 1], true), rollout(0, [1], true)], uniform)).toEqual([[0, 0], [0]]);
    expect(tgrpo([], uniform)).toEqual([]);
  });

  it.each([Number.NaN, Infinity, -Infinity])("refuses a reward of %d and says whose it is", (reward) => {
    expect(() => tgrpo([rollout(1), rollout(reward)], uniform)).toThrow(
      `rollout 1 of the group has a reward of ${reward}; rewards must be finite`,
    );
    expect(() => tgrpo([rollout(1, [0, reward]), rollout(0)], uniform)).toThrow("rollout 0");
  });
});

it("what rollouts cost is centred on the mean of those that were played to their end; an aborted one is not among them", () => {
  const costly = (reward: number, cost: number, aborted = false) => ({ ...rollout(reward, [0], aborted), cost });
  const played = [costly(1, 0.04), costly(0, 0.06, true), costly(-1, 0)];
  expect(advantages(played, { mode: "uniform", normalizeStd: false })).toEqual([[0.98], [0], [-0.98]]);
});

it("negative advantages count as much as the options say", () => {
  const options: AdvantageOptions = { mode: "uniform", normalizeStd: false, negative: 0.5 };
  expect(advantages([rollout(1, [0, 0]), rollout(0), rollout(-1)], options)).toEqual([[1, 1], [0], [-0.5]]);
  expect(advantages([rollout(1), rollout(-1)], { ...options, negative: 0 })).toEqual([[1], [0]]);
});

describe("the modes by hand", () => {
  // Two episodes, rewards 1 and -1, centred only: A is 1 and -1. Turn rewards of both: good, unjudged, bad, half.
  const turns = [1, 0, -1, 0.5];
  const table: Readonly<Record<(typeof advantageModes)[number], readonly [readonly number[], readonly number[]]>> = {
    uniform: [
      [1, 1, 1, 1],
      [-1, -1, -1, -1],
    ],
    sign: [
      [1, 0, 0, 1],
      [0, 0, -1, 0],
    ],
    "sign-linear": [
      [1, 0.5, 0, 0.75],
      [0, -0.5, -1, -0.25],
    ],
    // as published: the bad turn of the bad episode gets a POSITIVE advantage
    relu: [
      [1, 0, 0, 0.5],
      [0, 0, 1, 0],
    ],
    linear: [
      [1, 0, -1, 0.5],
      [-1, 0, 1, -0.5],
    ],
  };

  it.each(advantageModes)("%s", (mode) => {
    const found = tgrpo([rollout(1, turns), rollout(-1, turns)], { mode, normalizeStd: false });
    expect(found).toEqual(table[mode]);
  });

  it.each(advantageModes)("%s gives plain zeros, never a negative one, when the outcome is zero", (mode) => {
    expect(tgrpo([rollout(1, [-1, 1]), rollout(1, [-1, 1])], { mode, normalizeStd: true })).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

describe("laws of the group", () => {
  const reward = fc.double({ min: -1, max: 1, noNaN: true });
  const group = fc.array(fc.record({ reward, turnRewards: fc.array(reward, { maxLength: 4 }), aborted: fc.boolean() }), {
    minLength: 2,
    maxLength: 8,
  });
  const options = fc.record({ mode: fc.constantFrom(...advantageModes), normalizeStd: fc.boolean() });
  const outcomes = (rollouts: readonly RewardedRollout[], normalizeStd: boolean) =>
    tgrpo(
      rollouts.map((one) => ({ ...one, turnRewards: [0] })),
      { mode: "uniform", normalizeStd },
    ).map(([outcome]) => outcome ?? Number.NaN);
  const survivors = (rollouts: readonly RewardedRollout[]) => rollouts.filter((one) => !one.aborted);

  it("answers every turn of every rollout with a finite number", () => {
    fc.assert(
      fc.property(group, options, (rollouts, chosen) => {
        const found = tgrpo(rollouts, chosen);
        expect(found.map((turns) => turns.length)).toEqual(rollouts.map((one) => one.turnRewards.length));
        expect(found.flat().every(Number.isFinite)).toBe(true);
      }),
    );
  });

  it("sums to zero over the survivors, and has a standard deviation of one if rewards differ", () => {
    fc.assert(
      fc.property(group, (rollouts) => {
        fc.pre(survivors(rollouts).length > 1);
        const found = outcomes(rollouts, true);
        expect(found.reduce((total, one) => total + one, 0)).toBeCloseTo(0, 8);
        const rewards = survivors(rollouts).map((one) => one.reward);
        fc.pre(Math.max(...rewards) - Math.min(...rewards) > 0.01);
        const squares = found.reduce((total, one) => total + one * one, 0);
        expect(Math.sqrt(squares / (rewards.length - 1))).toBeCloseTo(1, 3);
      }),
    );
  });

  it("does not depend on shifts, and on scale only through that 1e-6", () => {
    fc.assert(
      fc.property(group, fc.double({ min: 0.5, max: 2, noNaN: true }), reward, (rollouts, factor, shift) => {
        const rewards = survivors(rollouts).map((one) => one.reward);
        fc.pre(rewards.length > 1 && Math.max(...rewards) - Math.min(...rewards) > 0.1);
        const moved = rollouts.map((one) => ({ ...one, reward: one.reward * factor + shift }));
        const before = outcomes(rollouts, true);
        outcomes(moved, true).forEach((outcome, index) => {
          expect(outcome).toBeCloseTo(before[index] ?? Number.NaN, 3);
        });
      }),
    );
  });

  it("does not change when aborted rollouts come or go", () => {
    fc.assert(
      fc.property(group, options, (rollouts, chosen) => {
        const all = tgrpo(rollouts, chosen);
        const kept = all.filter((_, index) => rollouts[index]?.aborted === false);
        expect(kept).toEqual(tgrpo(survivors(rollouts), chosen));
        const lost = all.filter((_, index) => rollouts[index]?.aborted === true);
        expect(lost.flat().every((advantage) => advantage === 0)).toBe(true);
      }),
    );
  });

  it("never turns a sign in sign and sign-linear", () => {
    fc.assert(
      fc.property(group, fc.constantFrom("sign" as const, "sign-linear" as const), (rollouts, mode) => {
        const outcome = outcomes(rollouts, true);
        tgrpo(rollouts, { mode, normalizeStd: true }).forEach((turns, index) => {
          for (const advantage of turns) expect(advantage * (outcome[index] ?? 0)).toBeGreaterThanOrEqual(0);
        });
      }),
    );
  });
});

describe("isDead", () => {
  it("is true exactly when no turn has an advantage", () => {
    expect(isDead(tgrpo([rollout(0.1), rollout(0.1), rollout(0.1)], uniform))).toBe(true);
    expect(isDead([[0, 0], [-0], []])).toBe(true);
    expect(isDead([])).toBe(true);
    expect(isDead([[0, 0], [1e-9]])).toBe(false);
  });
});
