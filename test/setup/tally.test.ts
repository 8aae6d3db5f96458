// The last line of `npm run check` rests on these counts.
import { expect, test } from "vitest";
import { pytestTally, vitestTally } from "../../scripts/tally.mjs";

test("pytest's failures, errors and skipped tests all count as failed", () => {
  expect(pytestTally("....\n12 passed in 3.4s\n")).toEqual({ passed: 12, failed: 0 });
  expect(pytestTally("x\n1 failed, 12 passed, 2 skipped, 1 error in 3.4s\n")).toEqual({ passed: 12, failed: 4 });
  expect(pytestTally("2 errors in 0.1s")).toEqual({ passed: 0, failed: 2 });
});

test("vitest's skipped tests count as failed", () => {
  expect(vitestTally('{ "numTotalTests": 10, "numPassedTests": 7, "numPendingTests": 2 }')).toEqual({ passed: 7, failed: 3 });
});
