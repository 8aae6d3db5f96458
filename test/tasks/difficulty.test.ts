import { describe, expect, it, test } from "vitest";
import { draws } from "../../src/rng.ts";
import { aspectMetrics, difficulty, softDifficulty, withFixed } from "../../src/tasks/difficulty.ts";

const levels = Array.from({ length: 100 }, (_, index) => index + 1);

/** floor(percent / 100 x level) in whole numbers: no binary fraction is involved. */
const exact = (percent: number, level: number) => Number((BigInt(percent) * BigInt(level)) / 100n);
const least = (low: number, value: number) => Math.max(value, low);

describe("difficulty", () => {
  it("forgives binary rounding for every multiplier of two decimals", () => {
    for (let percent = 0; percent <= 300; percent++) {
      for (const level of levels) {
        const { numTools } = difficulty(level, { numTools: percent / 100 });
        if (numTools !== least(1, exact(percent, level))) expect.fail(`${percent} percent of level ${level} gave ${numTools}`);
      }
    }
  });

  it("takes the least turns as a floor, twice for the assistant", () => {
    expect(difficulty(1, { minTurns: 3 })).toMatchObject({ maxUserTurns: 3, maxAssistantTurns: 6, maxToolTurns: 3 });
    expect(difficulty(100, { minTurns: 2 })).toMatchObject({ maxUserTurns: 3, maxAssistantTurns: 6, maxToolTurns: 3 });
  });

  it.each([0, 101, 1.5, Number.NaN])("refuses level %d", (level) => {
    expect(() => difficulty(level)).toThrow(`level must be an integer from 1 to 100, got ${level}`);
  });
});

describe("softDifficulty", () => {
  const soft = (seed: number, epsilon: number, level = 1, options = {}) =>
    softDifficulty(level, options, draws("soft", seed), epsilon);

  it("follows the level when epsilon is 0", () => {
    for (const level of levels) expect(soft(level, 0, level)).toEqual(difficulty(level));
  });

  it("reaches the whole range of the five aspects and no more, evenly", () => {
    const drawn = Array.from({ length: 3000 }, (_, seed) => soft(seed, 1));
    const counts = (aspect: keyof ReturnType<typeof difficulty>) => {
      const found = new Map<number, number>();
      for (const one of drawn) found.set(one[aspect], (found.get(one[aspect]) ?? 0) + 1);
      return found;
    };
    const ranges = {
      numTools: [1, 10],
      expectedToolCalls: [1, 3],
      userPersona: [0, 2],
      queryAmbiguity: [0, 2],
      expectedTurns: [0, 2],
    } as const;
    for (const [aspect, [low, high]] of Object.entries(ranges)) {
      const found = counts(aspect as keyof typeof ranges);
      expect([...found.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: high - low + 1 }, (_, index) => low + index));
      const fair = 3000 / (high - low + 1);
      for (const count of found.values()) expect(Math.abs(count - fair)).toBeLessThan(5 * Math.sqrt(fair));
    }
  });

  it("leaves criteria, system prompt and turn limits to the level", () => {
    for (let seed = 0; seed < 50; seed++) {
      const { numCriteria, systemPrompt, maxUserTurns, maxAssistantTurns, maxToolTurns } = difficulty(60);
      expect(soft(seed, 1, 60)).toMatchObject({ numCriteria, systemPrompt, maxUserTurns, maxAssistantTurns, maxToolTurns });
    }
  });

  it("draws in an epsilon share of the tasks", () => {
    const follows = Array.from({ length: 2000 }, (_, seed) => soft(seed, 0.5, 77)).filter(
      (one) => JSON.stringify(one) === JSON.stringify(difficulty(77)),
    );
    expect(follows.length).toBeGreaterThan(900);
    expect(follows.length).toBeLessThan(1100);
  });

  it("gives the same aspects to the same names and keeps an aspect with multiplier 0 switched off", () => {
    expect(soft(7, 1)).toEqual(soft(7, 1));
    for (let seed = 0; seed < 30; seed++) expect(soft(seed, 1, 50, { queryAmbiguity: 0 }).queryAmbiguity).toBe(0);
  });
});

describe("withFixed", () => {
  it("pins aspects at their value at level 100, under the multipliers in use, and leaves the others", () => {
    expect(withFixed(difficulty(1), ["numTools", "systemPrompt"])).toEqual({ ...difficulty(1), numTools: 10, systemPrompt: 3 });
    expect(withFixed(difficulty(1), ["numTools"], { numTools: 0.05 }).numTools).toBe(5);
    expect(withFixed(difficulty(7), [])).toEqual(difficulty(7));
  });
});

test("the aspects' metrics are the means of what was drawn", () => {
  const metrics = aspectMetrics([difficulty(1), difficulty(100)]);
  expect(Object.keys(metrics)).toHaveLength(10);
  expect(metrics).toMatchObject({
    "curriculum/num_tools": 5.5,
    "curriculum/max_assistant_turns": 4,
    "curriculum/user_persona": 1,
  });
  expect(aspectMetrics([])).toEqual({});
});
