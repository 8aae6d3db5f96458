// ToolMaster (arXiv 2601.12762) as the presets `toolmaster` and `laptop-trial`, their ablations, and docs/toolmaster.md, whose table
// must say of every key of the preset what it resolves to.
import { describe, expect, test } from "vitest";
import { ablations, inertAblation, inertInSet, trialAblations } from "../../src/config/ablations.ts";
import { cellKinds, trainedKinds } from "../../src/config/drift.ts";
import { presets } from "../../src/config/presets.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { taskOrders } from "../../src/tasks/orders.ts";
import { leaves, pageOf, statedIn } from "../support/paper-page.ts";

const { config } = resolveConfig({ preset: "toolmaster", set: [] });
const small = resolveConfig({ preset: "laptop-trial", set: [] }).config;

describe("the preset `toolmaster`", () => {
  test("has both stages, a teacher, trials in the world itself that cost nothing, and pages that are true", () => {
    expect(config.warmup).toMatchObject({ when: "always", from: "teacher" });
    expect(config.trial).toMatchObject({ phase: true, notes: true, world: "shared", price: 0 });
    expect([config.models.teacher, config.tasks.drift]).toEqual([null, 0]);
    expect(config.trial.turns).toBeGreaterThan(0);
    expect(config.steps).toBeGreaterThan(0);
  });

  test("has room for a prompt of 2,048 tokens beside the response", () => {
    expect(config.engine.policyContext - config.rollout.responseTokens).toBeGreaterThanOrEqual(2048);
  });
});

describe("the preset `laptop-trial`", () => {
  test("differs from `laptop` in its tasks, trials and evaluation, and in the room of turns, not in the shape of a step, its guides or its update", () => {
    const before = new Map(leaves(resolveConfig({ preset: "laptop", set: [] }).config));
    const changed = leaves(small).filter(([key, value]) => value !== before.get(key));
    expect(changed.map(([key]) => key).filter((key) => /^(rollout|learner|advantage|steps)/.test(key))).toEqual([
      "rollout.tokensPerTurn",
      "rollout.responseTokens",
    ]);
    expect(changed.map(([key]) => key).toSorted()).toEqual(
      leaves(presets["laptop-trial"])
        .map(([key]) => key)
        .toSorted(),
    );
  });

  test("needs one call at every level", () => {
    for (const level of [1, 50, 100]) {
      const series = { id: "x", names: ["x"], first: 0, count: 40, declineShare: 0, epsilon: 0, level };
      expect(taskOrders(small, series).map(({ calls }) => calls)).toEqual(Array(40).fill(1));
    }
  });

  test("trains on told and silent drift, and holds a kind out; each has its cell", () => {
    expect(trainedKinds(small)).toEqual(["renamed", "decoy"]);
    expect(cellKinds(small)).toEqual(["renamed", "options", "decoy"]);
  });
});

describe("the ablations of ToolMaster", () => {
  test.each(["toolmaster", "laptop-trial"])("each change one thing of `%s`, and only that", (preset) => {
    const whole = new Map(leaves(resolveConfig({ preset, set: [] }).config));
    const changed = Object.keys(trialAblations).map((name) => {
      const ablated = resolveConfig({ preset, ablation: [name], set: [] }).config;
      return [name, ...leaves(ablated).filter(([key, value]) => value !== whole.get(key))];
    });
    expect(changed).toEqual([
      ["no-trial", ["trial.phase", "false"]],
      ["no-notes", ["trial.notes", "false"]],
    ]);
    for (const name of Object.keys(trialAblations)) expect(ablations[name]?.paper).toMatch(/^[A-Z].*\.$/);
  });
});

describe("docs/toolmaster.md", () => {
  const page = pageOf("toolmaster");
  const stated = statedIn(page, 1);
  const resolved = new Map(leaves(config));

  test("states the values that the preset resolves to", () => {
    expect(stated.size).toBeGreaterThan(35);
    const wrong = [...stated].filter(([key, value]) => ![value, JSON.stringify(value)].includes(resolved.get(key) ?? ""));
    expect(wrong).toEqual([]);
  });

  test("states every value that the preset sets", () => {
    expect(leaves(presets.toolmaster).flatMap(([key]) => (stated.has(key) ? [] : [key]))).toEqual([]);
  });

  test("names every ablation", () => {
    for (const name of Object.keys(trialAblations)) expect(page).toContain(`| \`${name}\``);
  });
});

test.each<[string, string, RegExp | null]>([
  ["no-trial", "laptop", /no-trial changes nothing in this run: it is about trials \(trial\.turns above 0\)/],
  ["no-trial", "laptop-trial", null],
  ["no-information-gap", "laptop", /no-information-gap changes nothing .* a task set/],
  ["no-information-gap", "laptop-synth", null],
  ["catalogue-tools", "laptop-synth", /the command synth/],
  ["fixed-tool", "laptop", null],
])("the ablation %s of a run with the preset %s changes something, or it is said that it does not", (name, preset, said) => {
  const inert = inertAblation([name], resolveConfig({ preset, ablation: [name], set: [] }).config);
  if (said === null) expect(inert).toBeNull();
  else expect(inert).toMatch(said);
});

test.each([
  ["no-information-gap", false],
  ["no-trial", false],
  ["catalogue-tools", true],
  ["no-memory", true],
])("the ablation %s changes something in the making of a task set: %s", (name, changes) => {
  const inert = inertInSet([name]);
  if (changes) expect(inert).toBeNull();
  else expect(inert).toMatch(new RegExp(`^--ablation ${name} changes nothing in the making of a task set`));
});
