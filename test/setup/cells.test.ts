// scripts/results/cells.mjs: two runs on the same held-out tasks, cell by cell.
import { describe, expect, test } from "vitest";
import { cellTable, compareCells, reports } from "../../scripts/results/cells.mjs";
import * as statistics from "../../src/statistics/interval.ts";

/** A run whose tasks of each cell were solved (1) or not (0) at its last step; a blank: another run has no such task. */
function run(last: string, phase: boolean, cells: Readonly<Record<string, string>>) {
  const tasks = Object.entries(cells).flatMap(([cell, letters]) =>
    [...letters].flatMap((letter, index) => {
      if (letter === " ") return [];
      const at = (value: number) => ({ "step 0": 0, [last]: value });
      const line = { purpose: "evaluation" as const, task: `eval-${index}`, kind: "plain", reward: {} };
      const solved = Number(letter);
      return [
        {
          ...line,
          cell,
          same: `${cell}${index}`,
          right: at(0),
          measures: { solved: at(solved), harm: at(1 - solved), trials: at(2) },
        },
      ];
    }),
  );
  const head = {
    run: "r",
    preset: "laptop-trial",
    dialect: null,
    started: "",
    ended: null,
    versions: {},
    processor: "2 cores",
    note: "",
  };
  return { ...head, config: { seed: 1, trial: { phase, turns: 2 } }, steps: [], tasks, benchmark: [] };
}

describe("two runs are compared", () => {
  const one = run("step 8", true, { decoy: "11111111 0", true: "1100" });
  const other = run("step 4", false, { decoy: "0000000000", true: "1010", options: "1" });
  const text = compareCells(["tries", one], ["does not", other], statistics);
  const rows = text.split("\n").filter((line) => line.startsWith("| ") && !line.includes("---"));
  const last = rows.slice(rows.findLastIndex((line) => line.startsWith("| cell")) + 1).map((line) => line.split(" | "));

  test("by the last step of each, over the tasks that both played, cell by cell", () => {
    expect(last.map(([cell, measure, tasks]) => `${cell} ${measure} ${tasks}`)).toEqual([
      ...["| true solved 4", "| true success 4", "| true harm 4", "| true trials 4"],
      ...["solved", "success", "harm", "trials"].map((measure) => `| decoy ${measure} 9, 1 of one run alone left out`),
    ]);
    expect(last[4]?.slice(3)).toEqual([
      expect.stringMatching(/^0\.89 \(0\.5\d to 0\.98\), 8 of 9$/),
      "0.00 (0.00 to 0.30), 0 of 9",
      expect.stringMatching(/^\+0\.89 \(0\.32 to 0\.98\) \|$/),
    ]);
    expect(last[6]?.[5]).toMatch(/^-0\.89 \(-0\.98 to -0\.32\)/);
  });

  test("pair by pair: as many solved by both, but not the same ones, is no gain and tells nothing", () => {
    expect(last[0]?.slice(3, 5)).toEqual(["0.50 (0.15 to 0.85), 2 of 4", "0.50 (0.15 to 0.85), 2 of 4"]);
    expect(last[0]?.[5]).toMatch(/^\+0\.00 \(-.*\), not distinguishable \|$/);
  });

  test("and it is said in what their configs differ", () => {
    expect(text).toContain("Config: `trial.phase` true, false.");
  });
});

test("runs without a task in common are refused, and one without cells has no table of them", () => {
  const none = run("step 8", true, {});
  expect(() => compareCells(["a", none], ["b", none], statistics)).toThrow(/no task of a cell/);
  expect(cellTable(none, statistics)).toBe("");
});

test("tasks in cells are not among those that report; the held-out tasks of a set are", () => {
  const { tasks } = run("step 8", true, { decoy: "11", set: "1" });
  expect(tasks.filter(reports).map(({ cell }) => cell)).toEqual(["set"]);
  const plain = { task: "eval-0", kind: "plain", right: {}, reward: {} };
  expect(
    [
      { ...plain, purpose: "evaluation" as const },
      { ...plain, purpose: "selection" as const },
    ].map(reports),
  ).toEqual([...[true, false]]);
});

test("one run has a row for each cell and measure, with the gain from the warm-up to the last step", () => {
  const rows = cellTable(run("step 8", true, { decoy: "11110" }), statistics).split("\n");
  expect(rows[0]).toBe("| cell |  | step 0 | step 8 | step 0 to step 8 |");
  expect(rows[2]).toMatch(
    /^\| decoy \| solved \| 0\.00 \(.*\), 0 of 5 \| 0\.80 \(.*\), 4 of 5 \| \+0\.80 \(0\.02 to 0\.96\) \|$/,
  );
  expect(rows.at(-1)).toBe("| decoy | trials | 0.00 | 2.00 | +2.00 (2.00 to 2.00) |");
});
