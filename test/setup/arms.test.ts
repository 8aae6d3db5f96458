// scripts/results/arms.mjs and seeds.mjs: runs beside each other on the same held-out tasks.
import { describe, expect, test } from "vitest";
import { compareArms } from "../../scripts/results/arms.mjs";
import { seedTables } from "../../scripts/results/seeds.mjs";
import * as statistics from "../../src/statistics/interval.ts";

/** A run by phase: whether each of its tasks was right, all plain; a blank: it has no such task. */
function run(phases: Readonly<Record<string, string>>, minutes = 1) {
  const length = Math.max(...Object.values(phases).map((letters) => letters.length));
  const tasks = Array.from({ length }, (_, index) => ({
    ...{ purpose: "evaluation" as const, task: `eval-${index}`, kind: "plain", reward: {}, same: `task ${index}` },
    right: Object.fromEntries(
      Object.entries(phases).flatMap(([phase, letters]) =>
        (letters[index] ?? " ") === " " ? [] : [[phase, Number(letters[index])]],
      ),
    ),
  })).filter(({ right }) => Object.keys(right).length > 0);
  const head = {
    run: "r",
    preset: "evening",
    dialect: null,
    started: "",
    ended: null,
    versions: {},
    config: {},
    processor: "",
    note: "",
  };
  return { ...head, steps: [{ step: 1, level: 30, reward: 0, success: 0, seconds: 60 * minutes }], tasks, benchmark: [] };
}

const rowsOf = (text: string) =>
  text.split("\n").flatMap((line) => (line.startsWith("| all") ? [line.slice(2, -2).split(" | ").slice(1)] : []));

describe("a run and its controls", () => {
  const results = new Map([
    ["steps", run({ base: "00001111", "step 3": "00000000", "step 6": "11111111" }, 30)],
    ["shuffled", run({ base: "11111111", "step 6": "1111000 " }, 29)],
    ["demonstrations", run({ "step 0": "00001111" }, 31)],
  ]);
  const text = compareArms(results, statistics);
  const [shares = [], gains = []] = rowsOf(text);

  test("are compared at their ends over the tasks that all played, from the start of the run", () => {
    expect(shares.map((cell) => cell.slice(0, 4))).toEqual(["0.43", "1.00", "0.57", "0.43"]);
    expect(gains.map((cell) => cell.slice(0, 5))).toEqual(["+0.57", "+0.14", "+0.00", "+0.43", "+0.57"]);
  });

  test("are paired task by task", () => {
    const opposite = run({ base: "00001111", "step 6": "11110000" });
    const [, [over = ""] = []] = rowsOf(compareArms(new Map([["one", opposite]]), statistics));
    expect(over).toMatch(/^\+0\.00 \(-0\.[5-9]\d to 0\.[5-9]\d\), not distinguishable/);
  });

  test("are paired row by row where both played public rows, and have no such table otherwise", () => {
    expect(text).not.toContain("BFCL");
    const played = (right: string) => ({
      ...run({ base: "01", "step 2": "01" }),
      benchmark: [...right].map((letter, position) => ({
        ...{ category: position < 2 ? "multiple" : "irrelevance", position },
        right: { base: 0, "step 2": Number(letter) },
      })),
    });
    const both = compareArms(
      new Map([
        ["one", played("1100")],
        ["other", played("0010")],
      ]),
      statistics,
    );
    expect(both).toMatch(/one less other, multiple \(2\) \| \+1\.00 /);
    expect(both).toMatch(/one less other, irrelevance \(2\) \| -0\.50 /);
    expect(both).toMatch(/one less other, mean \| \+0\.25 /);
    const unplayed = played("0010").benchmark.map(({ category, position }) => ({ category, position, right: { base: 0 } }));
    const beside = compareArms(
      new Map([
        ["one", played("1100")],
        ["other", { ...played("0010"), benchmark: unplayed }],
      ]),
      statistics,
    );
    expect(beside).not.toContain("BFCL"); // the untrained model is no end of a run
  });

  test("have the minutes of their steps beside them", () => {
    expect(text).toContain("steps 30, shuffled 29, demonstrations 31");
  });

  test("without a task in common are refused", () => {
    const other = new Map([...results, ["other", run({ "step 6": "       1" })]]);
    expect(() => compareArms(other, statistics)).toThrow(/no held-out task in common/);
  });
});

describe("runs that differ in their seed", () => {
  test("count a task once that all of them played: three runs of the same eight tell no more of tasks than one", () => {
    const one = run({ "step 0": "00000011", "step 8": "11100011" });
    const alone = rowsOf(seedTables(new Map([["one", one]]), ["simple_python"], statistics));
    const thrice = rowsOf(seedTables(new Map(["one", "two", "three"].map((name) => [name, one])), ["simple_python"], statistics));
    expect(thrice).toEqual(alone);
    expect(alone[0]?.at(-1)).toMatch(/^\+0\.38/);
  });
});
