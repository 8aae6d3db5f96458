// Prints the table of docs/running.md: the smallest card, in GB as sold, on which a model as policy and simulator can be trained
// on whole episodes of a length, by residency. Computed from the shapes in test/fixtures/plan.json; nothing is measured.
//   npm run build && node scripts/plan-cards.mjs
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { residencies } from "../dist/config/config.js";
import { usableOfCard } from "../dist/plan/machine.js";
import { planFor } from "../dist/plan/plan.js";
import { root } from "./setup/step.mjs";

const { models, request } = JSON.parse(readFileSync(join(root, "test", "fixtures", "plan.json"), "utf8"));
const contexts = [
  [2048, 2560],
  [8192, 8192],
  [24_576, 32_768],
];

/** @param {(gigabytes: number) => boolean} fits */
function smallest(fits) {
  let gigabytes = 4;
  while (!fits(gigabytes)) gigabytes += 1;
  return gigabytes;
}

console.log(`| policy and simulator | contexts | ${residencies.join(" | ")} |\n|---|---|---|---|---|`);
for (const name of ["qwen3-4b", "qwen3-8b", "qwen3-14b"]) {
  const { shape } = models.find((/** @type {{ name: string }} */ model) => model.name === name);
  for (const [policyContext = 0, simulatorContext = 0] of contexts) {
    const cells = residencies.map((residency) =>
      smallest((gigabytes) => {
        const machine = /** @type {const} */ ({
          engine: "card",
          learner: "card",
          cardBytes: usableOfCard(gigabytes),
          hostBytes: null,
        });
        const plan = planFor({ ...request, policy: shape, policyContext, simulatorContext }, machine, residency);
        return "rollingOut" in plan && (plan.learner?.longestSample ?? 0) >= policyContext;
      }),
    );
    console.log(
      `| ${name} | ${policyContext.toLocaleString("en")} + ${simulatorContext.toLocaleString("en")} | ${cells.join(" | ")} |`,
    );
  }
}
