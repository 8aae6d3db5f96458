// The last line of `npm run check` is made from these counts.
import { expect, test } from "vitest";
import { pytestTally, vitestTally } from "../../scripts/tally.mjs";

test("pytest's failures, errors and skipped tests all count as failed", () => {
  expect(pytestTally("....\n12 passed in 3.4s\n")).toEqual({ passed: 12, failed: 0 });
  expect(pytestTally("x\n1 failed, 12 passed, 2 skipped, 1 error in 3.4s\n")).toEqual({ passed: 12, failed: 4 });
  expect(pytestTally("2 errors in 0.1s")).toEqual({ passed: 0, failed: 2 });
});

/** A vitest report with these files, each given by its status and those of its tests. */
function report(files: readonly (readonly [string, ...string[]])[]): string {
  const tests = files.flatMap(([, ...statuses]) => statuses);
  const testResults = files.map(([status, ...statuses]) => ({
    status,
    assertionResults: statuses.map((each) => ({ status: each })),
  }));
  return JSON.stringify({
    numTotalTests: tests.length,
    numPassedTests: tests.filter((each) => each === "passed").length,
    testResults,
  });
}

test("vitest's skipped tests count as failed", () => {
  expect(vitestTally(report([["passed", "passed", "skipped"]]))).toEqual({ passed: 1, failed: 1 });
});

test("a file that fails outside its tests counts as one failure; one with a failed test counts only that test", () => {
  expect(vitestTally(report([["failed"]]))).toEqual({ passed: 0, failed: 1 });
  expect(vitestTally(report([["failed", "passed", "passed"]]))).toEqual({ passed: 2, failed: 1 });
  expect(vitestTally(report([["failed", "passed", "failed"]]))).toEqual({ passed: 1, failed: 1 });
});
