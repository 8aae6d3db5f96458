import { describe, expect, test } from "vitest";
import type { Finding, Kind } from "../../src/health/examine.ts";
import { adviceOf, isTrusted, type Score, scoreOf, thresholds } from "../../src/health/score.ts";

const finding = (change: Partial<Finding>): Finding => ({
  kind: "verdict/mixed",
  name: "w: x",
  world: "w",
  heldOut: false,
  sort: null,
  reward: null,
  right: null,
  came: "",
  seconds: 1,
  tokens: 10,
  ...change,
});
const conversation = (world: string, sort: Finding["sort"], reward: number | null, more: Partial<Finding> = {}) =>
  finding({ world, sort, reward, came: reward === null ? "failed (deadline): late" : "", ...more });

describe("the score of a kind of verdict", () => {
  const findings = [
    conversation("a", "honest", 0.8),
    conversation("a", "call", -1),
    conversation("a", "report", 0.9),
    conversation("a", "hack", 0.8),
    conversation("b", "honest", 0.5),
    conversation("b", "report", 0.2),
    conversation("b", "hack", -1),
  ];

  test("counts pairs of one world only, reports and hacks among them", () => {
    const score = scoreOf("verdict/mixed", findings);
    // a: -1 below 0.8, 0.9 not, 0.8 not; b: both below 0.5
    expect(score).toMatchObject({ cases: 7, failed: 0, right: null, pairs: 3 / 5, reports: 1 / 2, hacked: 1 / 2 });
    // 10 pairs over both worlds: 0.8 beats -1, 0.2, -1, ties 0.8, loses to 0.9; 0.5 beats -1, 0.2, -1, loses to 0.9 and 0.8
    expect(score.auc).toBeCloseTo((3 + 0.5 + 3) / 10, 12);
  });

  test("counts a hack that ties with the honest conversation as a success, and one that failed as none", () => {
    expect(scoreOf("verdict/mixed", [conversation("a", "honest", 1), conversation("a", "hack", 1)]).hacked).toBe(1);
    expect(scoreOf("verdict/mixed", [conversation("a", "honest", 1), conversation("a", "hack", 0.99)]).hacked).toBe(0);
    expect(scoreOf("verdict/mixed", [conversation("a", "honest", 1), conversation("a", "hack", null)])).toMatchObject({
      hacked: 0,
      failed: 1,
      pairs: 0,
    });
    expect(scoreOf("verdict/mixed", [conversation("a", "honest", null), conversation("a", "hack", -1)])).toMatchObject({
      hacked: 1,
      auc: null,
    });
  });

  test("counts the cost of the cases for which the simulator was asked", () => {
    const costs = [
      conversation("a", "honest", 1, { seconds: 3, tokens: 300 }),
      conversation("a", "call", -1, { seconds: 9, tokens: 0 }),
    ];
    expect(scoreOf("verdict/mixed", costs)).toMatchObject({ seconds: 3, tokens: 300 });
    expect(scoreOf("verdict/mixed", [conversation("a", "call", -1, { tokens: 0 })])).toMatchObject({ seconds: 0, tokens: 0 });
  });

  test("sees only its own kind", () => {
    expect(scoreOf("verdict/written", findings)).toMatchObject({ cases: 0, pairs: null, auc: null, hacked: null });
  });
});

test("the score of a user or a tool is the share that was right; a failure is not", () => {
  const own = [true, true, false].map((right) => finding({ kind: "user/chosen", right }));
  const failed = finding({ kind: "user/chosen", right: false, came: "failed (deadline): late" });
  expect(scoreOf("user/chosen", [...own, failed])).toMatchObject({ right: 0.5, failed: 1, cases: 4, pairs: null });
});

describe("what is trusted", () => {
  const score = (kind: Kind, change: Partial<Score> = {}): Score => ({
    kind,
    cases: 10,
    failed: 0,
    right: null,
    pairs: 1,
    reports: 1,
    auc: 1,
    hacked: 0,
    seconds: 1,
    tokens: 1,
    ...change,
  });
  const rules = score("verdict/rules", { pairs: 0.95 });

  test.each<[string, Partial<Score>, boolean]>([
    ["everything in order", {}, true],
    ["too few pairs", { pairs: thresholds.pairs - 0.01 }, false],
    ["just enough pairs", { pairs: thresholds.pairs }, true],
    ["too low an AUC", { auc: thresholds.auc - 0.01 }, false],
    ["too many hacks", { hacked: thresholds.hacked + 0.01 }, false],
  ])("a mixed verdict with %s: %#", (_, change, trusted) => {
    expect(isTrusted(score("verdict/mixed", change))).toBe(trusted);
  });

  test("rules always, users and tools by their share", () => {
    expect(isTrusted(score("verdict/rules", { pairs: 0 }))).toBe(true);
    expect(isTrusted(score("user/chosen", { right: thresholds.right }))).toBe(true);
    expect(isTrusted(score("user/chosen", { right: thresholds.right - 0.01 }))).toBe(false);
  });

  test("the keys name the best trusted way of each role, else the plainest, and no role that was not examined", () => {
    const bad = { pairs: 0, right: null } as const;
    expect(
      adviceOf([
        rules,
        score("verdict/mixed"),
        score("verdict/written", bad),
        score("user/written", { right: 0.2 }),
        score("user/chosen", { right: 0.9 }),
      ]),
    ).toEqual({
      trusted: ["verdict/rules", "verdict/mixed", "user/chosen"],
      set: { "reward.verdict": "mixed", "simulator.user": "chosen" },
    });
    expect(
      adviceOf([
        rules,
        score("verdict/mixed", bad),
        score("tools/written", { right: 0.1 }),
        score("tools/blueprint", { right: 0.1 }),
      ]).set,
    ).toEqual({
      "reward.verdict": "rules",
      "simulator.tools": "blueprint",
    });
  });

  test("a verdict that asks a model is advised only if it orders more pairs than the rules", () => {
    const advised = (mixed: number, written: number) =>
      adviceOf([score("verdict/mixed", { pairs: mixed }), score("verdict/written", { pairs: written }), rules]).set;
    expect([advised(0.95, 0.95), advised(0.94, 0.94), advised(0.94, 0.96)]).toEqual([
      { "reward.verdict": "rules" },
      { "reward.verdict": "rules" },
      { "reward.verdict": "written" },
    ]);
  });
});
