// The scripted double under the same suite as the real learner.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scriptedLearner } from "../../src/learner/scripted.ts";
import { learnerSuite, openRequest } from "../suites/learner.suite.ts";

learnerSuite("the scripted learner", {
  start: async () => scriptedLearner(),
  request: openRequest,
  folder: mkdtempSync(join(tmpdir(), "playact-scripted-")),
  tolerance: 1e-12,
});
