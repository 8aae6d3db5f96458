// The bundled models other than SmolLM2: the laws of tokens and the conformance suite of the engine port on each. Too large
// for `npm run check`; `npm run check:models` fetches what is missing and runs this.
import { expect, test } from "vitest";
import { doctorCommand } from "../../src/cli/doctor.ts";
import { openEngine } from "../../src/llm/engine/llama.ts";
import { modelPath } from "../../src/models/model.ts";
import { ownTemplateSuite } from "../suites/own-template.suite.ts";
import { policySuite } from "../suites/policy.suite.ts";
import { vocabularySuite } from "../suites/vocabulary.suite.ts";

// One context of both roles a model: 0.5B takes about 1 GB with it.
const models = ["qwen2.5-coder-0.5b-instruct", "gemma-3-270m"] as const;

test.each(["smollm2-135m-instruct", ...models])("%s: the manifest says what the probe finds", async (name) => {
  await modelPath(name);
  let printed = "";
  await doctorCommand(
    (text) => {
      printed += text;
    },
    () => undefined,
  ).parseAsync(["--policy", name, "--json"], { from: "user" });
  const { dialect, markers, probe } = JSON.parse(printed);
  expect(probe.length).toBeGreaterThanOrEqual(3);
  expect(probe.find(({ chosen }: { chosen: boolean }) => chosen)).toMatchObject({ dialect, markers });
});

for (const name of models) {
  const path = await modelPath(name);
  vocabularySuite(name, path);
  if (name !== "gemma-3-270m") ownTemplateSuite(name, path); // a base model brings no template
  policySuite(`llama.cpp with ${name}`, {
    open: (contextTokens) =>
      openEngine({
        policyModel: path,
        simulatorModel: null,
        gpu: "off",
        mode: "fast",
        threads: null,
        policySequences: 4,
        policyContext: contextTokens,
        simulatorSequences: 4,
        simulatorContext: contextTokens,
      }),
    tolerance: 0.3,
    meanTolerance: 0.2,
  });
}
