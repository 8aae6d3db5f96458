// SynthAgent (arXiv 2601.22511) as the preset `synthagent`: what its numbers come to, its ablations, and docs/synthagent.md, whose
// table must say of every key of the preset what it resolves to.
import { describe, expect, test } from "vitest";
import { ablations, setAblations } from "../../src/config/ablations.ts";
import { presets } from "../../src/config/presets.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { orderedTask } from "../../src/tasks/ordered-task.ts";
import { taskOrders } from "../../src/tasks/orders.ts";
import { leaves, pageOf, statedIn } from "../support/paper-page.ts";

const { config } = resolveConfig({ preset: "synthagent", set: [] });

describe("the preset `synthagent`", () => {
  test("plays 15,096 tasks twice, 16 times each, with 8 optimizer steps a step", () => {
    const { perStep } = config.tasks;
    expect(config.steps).toBe(Math.ceil((2 * 15_096) / perStep));
    expect([perStep * config.rollout.groupSize, perStep / config.learner.tasksPerMinibatch]).toEqual([2048, 8]);
    expect(config.steps * perStep * config.rollout.groupSize).toBe(483_328);
  });

  test("has room for a prompt of 2,048 tokens and a response of 13,000", () => {
    expect(config.engine.policyContext - config.rollout.responseTokens).toBeGreaterThanOrEqual(2048);
    expect(config.rollout.responseTokens).toBe(13_000);
  });

  test("lets the policy take 16 turns, whose last is the answer", () => {
    const series = { id: "x", names: ["x"], first: 0, count: 1, declineShare: 0, epsilon: 0 };
    const [order] = taskOrders(config, { ...series, level: config.curriculum.start });
    const limits = order && orderedTask(order, [], [], 7).limits;
    expect(limits).toMatchObject({ assistantTurns: 16, toolTurns: 15, userReplies: 8 });
  });
});

describe("the ablations of SynthAgent", () => {
  test("each change one thing of the preset, and only that", () => {
    const changed = Object.keys(setAblations).map((name) => {
      const ablated = resolveConfig({ preset: "synthagent", ablation: [name], set: [] }).config;
      const keys = leaves(ablated).filter(([key, value]) => value !== new Map(leaves(config)).get(key));
      return [name, ...keys];
    });
    expect(changed).toEqual([
      ["no-information-gap", ["tasks.gap", "false"]],
      ["no-memory", ["simulator.memory", "false"]],
      ["no-restriction", ["tasks.restricted", "false"]],
      ["catalogue-tools", ["synth.tools", '"catalogue"']],
    ]);
    for (const name of Object.keys(setAblations)) expect(ablations[name]?.paper).toMatch(/^[A-Z].*\.$/);
  });
});

describe("docs/synthagent.md", () => {
  const page = pageOf("synthagent");
  const stated = statedIn(page, 2);
  const resolved = new Map(leaves(config));

  test("states the values that the preset resolves to", () => {
    expect(stated.size).toBeGreaterThan(45);
    const wrong = [...stated].filter(([key, value]) => ![value, JSON.stringify(value)].includes(resolved.get(key) ?? ""));
    expect(wrong).toEqual([]);
  });

  test("states every value that the preset sets", () => {
    expect(leaves(presets.synthagent).flatMap(([key]) => (stated.has(key) ? [] : [key]))).toEqual([]);
  });

  test("names every ablation", () => {
    for (const name of Object.keys(setAblations)) expect(page).toContain(`| \`${name}\``);
  });
});
