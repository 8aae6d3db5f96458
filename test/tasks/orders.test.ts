import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/config.ts";
import { configSchema } from "../../src/config/config.ts";
import { falls, taskOrders } from "../../src/tasks/orders.ts";

const orders = (input: ConfigInput, change: Partial<Parameters<typeof taskOrders>[1]> = {}) => {
  const config = configSchema.parse(input);
  const series = {
    id: "step-1",
    names: [config.seed, "task"],
    first: 0,
    count: 12,
    level: 1,
    declineShare: config.tasks.decline,
    epsilon: config.curriculum.epsilon,
  };
  return taskOrders(config, { ...series, ...change });
};
type Order = ReturnType<typeof orders>[number];
const isHard = ({ decline, hold, calls, parallel }: Order) => !decline && !parallel && (hold > 0 || calls > 1);
const plain = { curriculum: { epsilon: 0 } };

describe("shares are kept by counting", () => {
  test("a share of the whole numbers falls, spread evenly, whatever the offset", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 20 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.nat(1000),
        (twentieths, offset, first) => {
          const count = Array.from({ length: 20 }, (_, index) => falls(first + index, twentieths / 20, offset)).filter(
            Boolean,
          ).length;
          // binary rounding may move one over the edge of the window
          expect(Math.abs(count - twentieths)).toBeLessThanOrEqual(1);
        },
      ),
    );
    expect(Array.from({ length: 8 }, (_, index) => falls(index, 0.25, 0))).toEqual([0, 0, 0, 1, 0, 0, 0, 1].map(Boolean));
    expect(Array.from({ length: 8 }, (_, index) => falls(index, 0.25, 0.5))).toEqual([0, 1, 0, 0, 0, 1, 0, 0].map(Boolean));
    expect([falls(3, 0, 0.9), falls(3, 1, 0)]).toEqual([false, true]);
  });

  test("any twelve tasks of a laptop's run, at its first level, hold three that decline and four that are hard, any six one that declines", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(500), (seed, first) => {
        const list = orders({ seed }, { first, level: 20 });
        const declines = list.filter(({ decline }) => decline).length;
        expect(declines).toBe(3); // 0.25 of twelve
        const steps = [0, 6].map((at) => list.slice(at, at + 6));
        for (const step of steps) expect(step.some(({ decline }) => decline)).toBe(true);
        expect(list.filter(isHard).length / list.length).toBeGreaterThanOrEqual(0.3);
      }),
      { numRuns: 200 },
    );
  });

  test("few tasks miss their share by less than one, wherever the series starts", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(200),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(0, 0.1, 0.25, 0.34, 0.5),
        fc.constantFrom(0, 0.2, 0.4),
        (seed, first, count, decline, hard) => {
          const list = orders({ ...plain, seed, tasks: { decline, hard, parallel: 0.1 } }, { first, count });
          expect(Math.abs(list.filter((order) => order.decline).length - count * decline)).toBeLessThan(1 + 1e-6);
          expect(list.some((order) => order.decline && (order.hold > 0 || order.calls > 1))).toBe(false);
          // hard ones are counted among the call tasks
          const calls = list.filter((order) => !order.decline).length;
          const share = hard / (1 - decline);
          expect(Math.abs(list.filter(isHard).length - calls * share)).toBeLessThan(1 + 1e-6);
          // parallel ones among the others
          const others = calls - list.filter(isHard).length;
          const parallel = list.filter((order) => order.parallel);
          expect(Math.abs(parallel.length - (others * 0.1) / (1 - decline - hard))).toBeLessThan(1 + 1e-6);
          expect(parallel.every((order) => !order.decline && order.hold === 0 && order.calls === 2)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("hard tasks chain at every level at which others have one call", () => {
    for (const level of [1, 30, 40, 60]) {
      const hard = orders({ tasks: { decline: 0, hard: 1 } }, { count: 40, level });
      expect(hard.filter(({ calls }) => calls === 2).length).toBeGreaterThan(5);
    }
  });

  test("hard tasks hold a value back or chain, and both happen", () => {
    const hard = orders({ ...plain, tasks: { decline: 0, hard: 1 } }, { count: 40 });
    expect(hard.every((order) => (order.hold === 1) !== (order.calls === 2))).toBe(true);
    const holding = hard.filter(({ hold }) => hold === 1).length;
    expect(holding).toBeGreaterThan(15);
    expect(holding).toBeLessThan(33);
  });

  test("a share of nothing and of everything", () => {
    expect(orders({ ...plain, tasks: { decline: 0, hard: 0 } }).some((order) => order.decline || isHard(order))).toBe(false);
    expect(orders({ tasks: { decline: 1, hard: 1 } }).every((order) => order.decline)).toBe(true);
  });
});

test("no task is parallel where a turn executes one call only", () => {
  const parallel = { decline: 0, hard: 0, parallel: 1 };
  expect(orders({ ...plain, tasks: parallel }).every((order) => order.parallel)).toBe(true);
  expect(orders({ ...plain, tasks: parallel, rollout: { parallelCalls: 1 } }).some((order) => order.parallel)).toBe(false);
});

describe("an order", () => {
  test("takes its aspects from the level, and raises a hard one only if the level asks for less", () => {
    const difficulty = { queryAmbiguity: 0.02, expectedToolCalls: 0.03 };
    const [order] = orders({ ...plain, difficulty, tasks: { decline: 0, hard: 1 } }, { level: 100 });
    expect(order).toMatchObject({ level: 100, hold: 2, calls: 3, decline: false });
    expect(order?.aspects).toMatchObject({ queryAmbiguity: 2, expectedToolCalls: 3 });
  });

  test("is named by its index in the series, so that a later step continues from where this one stopped", () => {
    const all = orders({}, { count: 6 });
    const later = orders({}, { first: 3, count: 3 });
    expect(later).toEqual(all.slice(3));
    expect(all.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5].map((index) => `step-1-${index}`));
    expect(new Set(all.map(({ names }) => JSON.stringify(names))).size).toBe(6);
  });

  test("carries the token limits of the config", () => {
    const [order] = orders({ rollout: { tokensPerTurn: 33, responseTokens: 77 } });
    expect(order).toMatchObject({ tokensPerTurn: 33, responseTokens: 77 });
  });
});
