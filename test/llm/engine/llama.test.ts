import { openEngine } from "../../../src/llm/engine/llama.ts";
import { policySuite } from "../../suites/policy.suite.ts";
import { writeAdapter } from "./adapter-file.ts";
import { smallModel } from "./small-model.ts";

policySuite("llama.cpp", {
  open: (contextTokens) =>
    openEngine({
      policyModel: smallModel,
      simulatorModel: null,
      mode: "fast",
      gpu: "off",
      threads: 1,
      policySequences: 4,
      policyContext: contextTokens,
      simulatorSequences: 4,
      simulatorContext: contextTokens,
    }),
  writeAdapter: (path, weights) => writeAdapter(path, 1, weights === "zero" ? 0 : 1),
  tolerance: 0.3,
  meanTolerance: 0.2,
});
