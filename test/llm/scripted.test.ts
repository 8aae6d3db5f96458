import { scriptedEngine } from "../../src/llm/scripted.ts";
import { policySuite } from "../suites/policy.suite.ts";

policySuite("the scripted engine", {
  open: async (contextTokens) => scriptedEngine({ contextTokens }),
  tolerance: 1e-9,
  meanTolerance: 1e-9,
});
