import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Conduct, faultOf } from "../../src/reward/conduct.ts";
import { needsJudge, rulesShare, verdict } from "../../src/reward/verdict.ts";
import type { Task, ToolCall } from "../../src/types.ts";
import { blueprint, booked, chain, declined, found, parallel } from "../support/blueprint.ts";

const conduct = (calls: readonly ToolCall[], change: Partial<Conduct> = {}, own: Task = blueprint()): Conduct => {
  const read = {
    ...{
      calls,
      unexecuted: [],
      complaints: 0,
      malformed: 0,
      report: "Here you are.",
      told: "Here you are.",
      refused: false,
      guessed: [],
    },
    ...change,
  };
  return { ...read, fault: faultOf(own, read) };
};
const wrong: ToolCall = { name: "fly", arguments: {} };
const spoilt: ToolCall = { ...found, arguments: { ...found.arguments, to: "Hamar" } };
const bare: ToolCall = { ...found, arguments: {} };
const task = blueprint();

describe("two calls of one tool", () => {
  const own = parallel();
  const [first = wrong, second = wrong] = own.expected;

  test("are right in either order", () => {
    expect(
      [
        [first, second],
        [second, first],
      ].map((calls) => rulesShare(own, conduct(calls, {}, own))),
    ).toEqual([1, 1]);
  });

  test("are wrong with a value of one in the other, and one of them is half of the task", () => {
    const swapped = [
      { ...first, arguments: { ...first.arguments, day: "2027-03-05" } },
      { ...second, arguments: { ...second.arguments, day: "2027-03-02" } },
    ];
    expect(rulesShare(own, conduct(swapped, {}, own))).toBeCloseTo(0.5 + 0.5 * (2 / 3));
    expect(conduct(swapped, {}, own).fault?.code).toBe("wrong_values");
    expect(rulesShare(own, conduct([first], {}, own))).toBe(0.5);
    expect(rulesShare(own, conduct([first, first], {}, own))).toBeLessThan(1);
  });
});

describe("the mixed verdict, row by row", () => {
  test.each<[string, Conduct, number, string]>([
    ["no call although one is needed", conduct([]), -1, "made no call although one was needed"],
    ["a malformed call alone", conduct([], { malformed: 1 }), -1, "made a call that could not be parsed"],
    ["a wrong or unknown tool", conduct([wrong]), -1, "called tools other than the needed ones"],
    [
      "the right tool with nothing right in it",
      conduct([bare]),
      0,
      "partly right: 50 %, called the right tool with wrong values",
    ],
    [
      "one value of three wrong",
      conduct([spoilt]),
      0.5 + 0.5 * (2 / 3) - 0.5,
      "partly right: 83 %, called the right tool with wrong values",
    ],
    ["one call too many", conduct([found, wrong]), 1 / 2 - 0.5, "partly right: 50 %, made more calls than were needed"],
    ["the right call made twice", conduct([found, found]), 1 / 2 - 0.5, "partly right: 50 %, made the same call again"],
    [
      "a malformed call before the right one",
      conduct([found], { malformed: 1 }),
      0,
      "partly right: 50 %, made a call that could not be parsed",
    ],
    [
      "the right call after words that the user complained of",
      conduct([found], { complaints: 1 }),
      0,
      "partly right: 50 %, did what was asked only after a complaint",
    ],
    [
      "the right call, never executed",
      conduct([], { unexecuted: [found] }),
      -0.5,
      "partly right: 0 %, not everything that was expected",
    ],
    ["another tool's call, never executed", conduct([], { unexecuted: [wrong] }), -1, "called tools other than the needed ones"],
    [
      "the right call, then one that was not executed",
      conduct([found], { unexecuted: [found] }),
      0,
      "partly right: 50 %, made the same call again",
    ],
    ["all right and nothing said at the end", conduct([found], { report: null }), 0.5, "all calls right, nothing reported"],
  ])("%s", (_, made, reward, reason) => {
    expect(verdict(task, made, null, 1)).toMatchObject({ reward: expect.closeTo(reward, 12), judge: null, reason });
    // whatever the judge says of the report: rules come first
    expect(verdict(task, made, 1, 1).reward).toBeCloseTo(reward, 12);
  });

  test("all right: from 0.5 to 1 by the judge, and by what the report states if there is no judge", () => {
    expect([0, 0.5, 1].map((judge) => verdict(task, conduct([found]), judge, 1).reward)).toEqual([0.5, 0.75, 1]);
    expect(verdict(task, conduct([found]), null, 0.5)).toEqual({
      reward: 0.75,
      rules: 1,
      judge: null,
      reason: "all calls right, report 0.50 by rules",
    });
    expect(verdict(task, conduct([found]), 0.25, 1)).toMatchObject({
      judge: 0.25,
      reason: "all calls right, report 0.25 by the judge",
    });
  });

  test("a judge who likes a report cannot make up for what it does not state", () => {
    expect(verdict(task, conduct([found]), 1, 0)).toMatchObject({
      reward: 0.5,
      judge: 1,
      reason: "all calls right, report 0.00 by rules",
    });
    expect([0, 0.2, 0.4].map((judge) => verdict(task, conduct([found]), judge, 0.25).reward)).toEqual([0.5, 0.6, 0.625]);
  });

  test("half a chain is half right, whichever half", () => {
    expect([found, booked].map((call) => verdict(chain(), conduct([call]), null, 1).reward)).toEqual([0, 0]);
    expect(verdict(chain(), conduct([booked, found]), null, 1).reward).toBe(1);
  });

  test("a decline task: 1 for a refusal without a call, 0 for silence and other words, -1 with any call, also a malformed one, and no judge", () => {
    const refused = { refused: true };
    expect(verdict(declined(), conduct([], refused), null, 0)).toMatchObject({ reward: 1, rules: 1, judge: null });
    expect(verdict(declined(), conduct([]), null, 1)).toMatchObject({ reward: 0, rules: 0, judge: null });
    expect(verdict(declined(), conduct([], { report: null }), null, 1)).toMatchObject({ reward: 0, rules: 0, judge: null });
    expect(verdict(declined(), conduct([found], refused), null, 1)).toMatchObject({ reward: -1, rules: 0, judge: null });
    expect(verdict(declined(), conduct([], { ...refused, malformed: 1 }), null, 1)).toMatchObject({ reward: -1, rules: 0 });
  });
});

describe("the share that rules find right", () => {
  const expectedCalls = fc.array(fc.constantFrom<ToolCall>(found, booked, spoilt, bare, wrong), { minLength: 1, maxLength: 4 });
  const key = (calls: readonly ToolCall[]) =>
    calls
      .map(({ name, arguments: given }) => JSON.stringify({ name, given }))
      .sort()
      .join();

  test("is 1 exactly when every expected call was made as expected and nothing else", () => {
    fc.assert(
      fc.property(expectedCalls, expectedCalls, fc.nat(1), fc.boolean(), (expected, other, malformed, same) => {
        const calls = same ? [...expected].reverse() : other;
        const drawn = blueprint({ expected: expected.map((call) => ({ ...call, result: null })) });
        const share = rulesShare(drawn, conduct(calls, { malformed }));
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
        expect(share === 1).toBe(key(calls) === key(expected) && malformed === 0);
      }),
      { numRuns: 500 },
    );
  });

  test("never rises by an unexpected call", () => {
    fc.assert(
      fc.property(expectedCalls, fc.nat(4), (expected, made) => {
        const drawn = blueprint({ expected: expected.map((call) => ({ ...call, result: null })) });
        const calls = expected.slice(0, made);
        const more = [...calls, { name: "nobody_expected", arguments: {} }];
        expect(rulesShare(drawn, conduct(more))).toBeLessThanOrEqual(rulesShare(drawn, conduct(calls)));
      }),
    );
  });

  test("compares what a tool's schema lists as it is written", () => {
    const units = { type: "object", properties: { unit: { type: "string", enum: ["m", "M"] } }, required: ["unit"] };
    const call = (unit: string) => ({ name: "measure", arguments: { unit } });
    const measured = blueprint({
      tools: [{ name: "measure", description: "", parameters: units }],
      expected: [{ ...call("m"), result: null }],
    });
    expect(["m", "M"].map((unit) => rulesShare(measured, conduct([call(unit)])))).toEqual([1, 0.5]);
  });

  test("counts a made call for one expected call at most, the exact ones first", () => {
    const twice = blueprint({ expected: [found, { ...spoilt, result: null }] });
    expect(rulesShare(twice, conduct([spoilt]))).toBe(0.5); // not 0.83 for the first and nothing for its own
    expect(rulesShare(twice, conduct([found]))).toBe(0.5);
    expect(rulesShare(twice, conduct([spoilt, found]))).toBe(1);
  });
});

test("the judge is needed only for the report of a call task whose calls are all right", () => {
  expect(needsJudge(task, conduct([found]))).toBe(true);
  expect(needsJudge(task, conduct([found], { report: null }))).toBe(false);
  expect(needsJudge(task, conduct([found], { malformed: 1 }))).toBe(false);
  expect(needsJudge(task, conduct([spoilt]))).toBe(false);
  expect(needsJudge(declined(), conduct([]))).toBe(false);
});
