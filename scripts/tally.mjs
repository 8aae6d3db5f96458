// Counts passed and failed tests from each runner's report. A skipped test has not passed, so it counts as failed.

/** @typedef {{ passed: number, failed: number }} Tally */

/** @typedef {{ status: string, assertionResults: { status: string }[] }} File */

/**
 * @param {string} json what vitest's json reporter wrote
 * @returns {Tally}
 */
export function vitestTally(json) {
  const { numPassedTests, numTotalTests, testResults } = JSON.parse(json);
  // A file can fail without a failed test: it did not load, or its set-up or clean-up failed.
  const broken = testResults.filter(
    (/** @type {File} */ file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  return { passed: numPassedTests, failed: numTotalTests - numPassedTests + broken.length };
}

/**
 * @param {string} output of pytest; its last line is the summary, "12 passed, 1 failed, 2 errors in 3.4s"
 * @returns {Tally}
 */
export function pytestTally(output) {
  const summary = output.trimEnd().split("\n").at(-1) ?? "";
  const count = (/** @type {string} */ word) => Number(new RegExp(`(\\d+) ${word}`).exec(summary)?.[1] ?? 0);
  return { passed: count("passed"), failed: count("failed") + count("error") + count("skipped") };
}
