// The scripted double passes the same suite as the real learner.
import { scriptedLearner } from "../../src/learner/scripted.ts";
import { learnerSuite, openRequest } from "../suites/learner.suite.ts";

learnerSuite("the scripted learner", {
  start: async () => scriptedLearner(),
  request: openRequest,
  torch: /^scripted$/,
  metrics: ["loss", "grad_norm", "num_tokens", "skipped_steps", "guide/probability"],
  tolerance: 1e-12,
});
