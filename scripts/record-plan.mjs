// Writes test/fixtures/plan.json: the plans of 8 models, each as policy and simulator, on 5 cards with 3 residencies, from the
// shapes that the file itself holds. test/plan/plan.test.ts and native/trainer/tests/test_plan.py compare both formulas with it,
// to the byte. After a change of a formula on both sides: npm run build && node scripts/record-plan.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { residencies } from "../dist/config/config.js";
import { learnerSizes, rowBytes } from "../dist/plan/learner.js";
import { usableOfCard } from "../dist/plan/machine.js";
import { planFor } from "../dist/plan/plan.js";
import { root } from "./setup/step.mjs";

const path = join(root, "test", "fixtures", "plan.json");
/** @type {{ models: { name: string, shape: import("../dist/plan/shape.js").ModelShape }[] }} */
const { models } = JSON.parse(readFileSync(path, "utf8"));
const request = {
  simulator: /** @type {const} */ ("shared"),
  ...{ policyContext: 2048, simulatorContext: 2560, policySequences: null, simulatorSequences: null },
  ...{ embeds: true, residency: null },
  training: { rank: 16, item: /** @type {const} */ (2), limit: null },
};
const cards = [12, 16, 24, 48, 80];

const sized = models.map(({ name, shape }) => ({
  ...{ name, shape, sizes: learnerSizes(shape, request.training.rank, request.training.item) },
  weights: shape.parameters * request.training.item,
}));
const cases = sized.flatMap(({ name, shape, sizes }) =>
  cards.flatMap((card) =>
    residencies.map((residency) => {
      const machine = /** @type {const} */ ({ engine: "card", learner: "card", cardBytes: usableOfCard(card), hostBytes: null });
      const plan = planFor({ ...request, policy: shape }, machine, residency);
      const learner = "rollingOut" in plan ? plan.learner : null;
      // the learner's share again, from what Python's formula gets: a row, and how many blocks are recomputed
      const row = learner && rowBytes(sizes, learner.rowTokens, learner.rowTokens, learner.recomputed);
      return { name, card, residency, row, plan };
    }),
  ),
);
const lines = (/** @type {readonly unknown[]} */ rows) => rows.map((one) => `    ${JSON.stringify(one)}`).join(",\n");
const parts = [`"request": ${JSON.stringify(request)}`, `"models": [\n${lines(sized)}\n  ]`, `"cases": [\n${lines(cases)}\n  ]`];
writeFileSync(path, `{\n  ${parts.join(",\n  ")}\n}\n`);
