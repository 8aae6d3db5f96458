import { writeFileSync } from "node:fs";
import { scriptedEngine } from "../../src/llm/scripted.ts";
import { policySuite } from "../suites/policy.suite.ts";

policySuite("the scripted engine", {
  open: async (contextTokens) => scriptedEngine({ contextTokens }),
  // as the scripted learner saves one
  writeAdapter: (path, weights) => writeFileSync(path, JSON.stringify(weights === "zero" ? [0, 0, 0] : [0, 0.5, -1])),
  tolerance: 1e-9,
  meanTolerance: 1e-9,
});
