// The real learner passes the port's suite: Python, torch and the smallest model, in one process.
import { join } from "node:path";
import { startLearner } from "../../src/learner/torch.ts";
import { pythonPath } from "../../src/models/python.ts";
import { learnerMetrics } from "../../src/run/metric-list.ts";
import { learnerSuite, openRequest } from "../suites/learner.suite.ts";

const model = join(import.meta.dirname, "../../models/smollm2-135m-instruct-q4_1.gguf");

learnerSuite("the torch learner", {
  start: () => startLearner({ python: pythonPath(), deadlineSeconds: 60 }),
  request: { ...openRequest, model },
  metrics: learnerMetrics.map(({ name }) => name),
  torch: /^\d+\.\d+\.\d+/,
  tolerance: 1e-3,
});
