// A memory plan for tests: what a session was given, with the longest sample that its learner can train on.
import type { Residency } from "../../src/config/config.ts";
import type { Session } from "../../src/run/session.ts";

export function planWith(longestSample = 100_000, residency: Residency = "together"): Session["plan"] {
  return {
    residency,
    engine: { policySequences: 4, simulatorSequences: 4, bytes: 1e9 },
    learner: { bytes: 1e9, expected: 9e8, rowTokens: 2048, recomputed: 0, longestSample },
  };
}
