import { expect, test } from "vitest";
import { comparisons } from "../../src/cli/comparison.ts";
import type { Outcome } from "../../src/store/scores.ts";

/** What one policy did on plain tasks (places from 0) and ask tasks (from 100); 1: right, 0: wrong, blank: not judged. */
function by(step: number | null, plain: string, ask: string): Outcome[] {
  const of = (kind: string, first: number, letters: string) =>
    [...letters].flatMap((letter, index): Outcome[] =>
      letter === " " ? [] : [{ step, position: first + index, kind, success: letter === "1" ? 1 : 0 }],
    );
  return [...of("plain", 0, plain), ...of("ask", 100, ask)];
}

test("policies are compared by the same tasks, kind by kind, and an interval that holds 0 is said to tell nothing", () => {
  const outcomes = [
    ...by(null, "00000000", "0000"),
    ...by(0, "00000001", "0011"),
    ...by(2, "1111111 ", "0111"),
    ...by(4, "11110000", "1100"),
  ];
  const [ask, plain, all] = comparisons(outcomes, 2, 4);
  expect(plain).toMatchObject({
    kind: "plain",
    tasks: 8,
    "step 0": "0.13 [0.02, 0.47]",
    "gain, best (step 2)": "+1.00 [0.29, 1.00]",
  });
  // the task that step 2 was not judged on is left out of its share and of its gain
  expect(plain?.["best (step 2)"]).toMatch(/^1\.00 \[0\.65, 1\.00\]$/);
  expect(ask?.["gain, best (step 2)"]).toMatch(/^\+0\.25 \[-.*\] not distinguishable$/);
  expect(ask?.["gain, last (step 4)"]).toMatch(/^\+0\.00 \[-.*\] not distinguishable$/);
  expect(all).toMatchObject({ kind: "all", tasks: 12 });
});

test("one column stands for the best step that is also the last, none for checkpoint 0 as the best, and base is not compared", () => {
  const outcomes = [...by(null, "00", ""), ...by(0, "01", ""), ...by(4, "11", "")];
  expect(Object.keys(comparisons(outcomes, 4, 4)[0] ?? {})).toEqual([
    ...["kind", "tasks", "step 0", "best and last (step 4)", "gain, best and last (step 4)"],
  ]);
  expect(Object.keys(comparisons(outcomes, 0, 4)[0] ?? {})).toEqual([
    "kind",
    "tasks",
    "step 0",
    "last (step 4)",
    "gain, last (step 4)",
  ]);
  const alone = [{ kind: "plain" }, { kind: "all", tasks: 2, "best and last (step 4)": "1.00 [0.34, 1.00]" }];
  expect(comparisons(by(4, "11", ""), 4, 4)).toMatchObject(alone);
  expect(Object.keys(comparisons(by(4, "11", ""), 4, 4)[0] ?? {})).toHaveLength(3);
});
