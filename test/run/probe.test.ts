import { expect, test } from "vitest";
import { scriptedLearner } from "../../src/learner/scripted.ts";
import { asksForCall, markersUntrained, needsWarmup, probe, probeMetrics } from "../../src/run/probe.ts";
import { blueprint, chain, declined, found } from "../support/blueprint.ts";
import { stage } from "../support/stage.ts";

const tagged = `<tool_call>\n${JSON.stringify({ name: found.name, arguments: found.arguments })}\n</tool_call>`;
const fenced = `\`\`\`json\n${JSON.stringify({ name: found.name, arguments: found.arguments })}\n\`\`\``;

async function opened() {
  const learner = scriptedLearner(70_000);
  await learner.open({
    model: "double",
    lora: { rank: 1, alpha: 1, seed: 1 },
    optimizer: { learningRate: 1, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, gradClip: 1 },
    device: "cpu",
    dtype: "float32",
    threads: 1,
    memory: null,
  });
  return learner;
}

test("the probe distinguishes fences from tags, and only a policy that writes fences needs a warm-up", async () => {
  const { engine } = stage({});
  const learner = await opened();
  const fences = await probe([fenced, fenced, tagged], engine.vocabulary, learner);
  expect(fences.wellFormed.hermes).toBeCloseTo(1 / 3);
  expect(fences.wellFormed["json-fence"]).toBeGreaterThan(0.5);
  expect(needsWarmup(fences, "hermes")).toBe(true);
  const tags = await probe([tagged, tagged, "Which day?"], engine.vocabulary, learner);
  expect(needsWarmup(tags, "hermes")).toBe(false);
  expect(probeMetrics(tags)["probe/well_formed/hermes"]).toBeCloseTo(2 / 3);
});

test("a policy without any turns needs a warm-up", async () => {
  const { engine } = stage({});
  expect(needsWarmup(await probe([], engine.vocabulary, await opened()), "hermes")).toBe(true);
});

test("identical rows are untrained, and so are tags that the model does not have", () => {
  const wellFormed = { hermes: 0, "json-fence": 0, "llama-3.1": 0 };
  expect(markersUntrained({ wellFormed, markerCosine: 0.99999 })).toBe(true);
  expect(markersUntrained({ wellFormed, markerCosine: null })).toBe(true);
  expect(markersUntrained({ wellFormed, markerCosine: 0.4 })).toBe(false);
});

test("only tasks whose right first turn is a call count for the probe", () => {
  const holding = chain({ heldBack: [{ call: 1, argument: "seats", sentence: "The seats is 2." }] });
  expect([blueprint(), holding, declined()].map(asksForCall)).toEqual([true, false, false]);
});
