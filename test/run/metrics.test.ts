import { describe, expect, test } from "vitest";
import { assignAdvantages } from "../../src/reward/assign.ts";
import { deviation, gapMetrics, groupMetrics, simulatorMetrics } from "../../src/run/metrics.ts";
import { count, newUsage } from "../../src/simulator/usage.ts";
import type { Group, JudgedItem, RubricSection, Trajectory } from "../../src/types.ts";
import { blueprint } from "../support/blueprint.ts";
import { aborted, judged } from "../support/trajectory.ts";

const metricsOf = (...groups: readonly (readonly Trajectory[])[]) =>
  groupMetrics(
    assignAdvantages(
      groups.map((trajectories, index) => ({ index, task: blueprint(), ids: [], trajectories })),
      { mode: "uniform", normalizeStd: true },
    ),
  );

describe("the metrics of a step's groups", () => {
  test("have the mean reward of the judged episodes, and the mean of the groups' deviations", () => {
    const metrics = metricsOf([judged(1), judged(0)], [judged(-1), judged(-1)]);
    expect(metrics.reward).toBe(-0.25);
    expect(metrics.reward_std).toBeCloseTo(Math.SQRT1_2 / 2, 12);
    expect(metrics.frac_reward_zero_std).toBe(0.5);
  });

  test("count aborted episodes and otherwise leave them out", () => {
    const metrics = metricsOf([judged(1), aborted(), judged(0)]);
    expect(metrics).toMatchObject({ reward: 0.5, "rollout/trajectories": 3, "rollout/aborted": 1, "rollout/success": 0.5 });
    expect(metrics).toMatchObject({ "stop/answered": 2, "stop/simulator_failed": 1 });
    expect(metrics.reward_std).toBeCloseTo(Math.SQRT1_2, 12);
  });

  test("have no reward, rather than a zero, if nothing was judged", () => {
    const metrics = metricsOf([aborted(), aborted()]);
    expect(Object.keys(metrics).filter((name) => name.startsWith("reward") || name.startsWith("completions"))).toEqual([]);
    for (const share of ["rollout/success", "rollout/turns", "rollout/judged_by_model"])
      expect(metrics).not.toHaveProperty(share);
    expect(metrics).toMatchObject({ "rollout/aborted": 2, frac_reward_zero_std: 1 });
    expect(Object.values(metricsOf()).every(Number.isFinite)).toBe(true);
  });

  test("count only sampled tokens as length, and the assistant's messages as turns", () => {
    const metrics = metricsOf([judged(1), judged(0)]); // "go on" is foreign, "ok" is sampled
    expect(metrics).toMatchObject({ "completions/mean_length": 2, "rollout/turns": 1 });
  });

  test("count an episode with all calls right as success, whatever the judge says", () => {
    const verdict = { reward: 0.8, rules: 1, judge: 0.6, reason: "" };
    const metrics = metricsOf([judged(0, { verdict }), judged(0)], [judged(1), judged(0.9)]);
    expect(metrics).toMatchObject({ "rollout/success": 0.75, "rollout/judged_by_model": 0.25, "rollout/rules_differ": 0.5 });
  });
});

describe("the metrics of rubrics", () => {
  const of = (...items: readonly JudgedItem[]): Trajectory =>
    judged(0, { verdict: { reward: 0, rules: 0.5, judge: null, reason: "", items } });
  const item = (section: RubricSection, met: boolean): JudgedItem => ({ section, text: "", met, by: "rule" });

  test("are the mean shares of episodes, each section over the episodes that have it", () => {
    const one = of(item("forbidden", true), item("subGoals", true), item("subGoals", false), item("questions", false));
    const other = of(item("forbidden", false), item("subGoals", true));
    const metrics = metricsOf([one, other, aborted()]);
    expect(metrics).toMatchObject({ "rubric/forbidden": 0.5, "rubric/sub_goals": 0.75, "rubric/questions": 0 });
  });

  test("are absent without rubrics, and one without its items", () => {
    const names = (...all: readonly Trajectory[]) => Object.keys(metricsOf(all)).filter((name) => name.startsWith("rubric/"));
    expect(names(judged(1), judged(0))).toEqual([]);
    expect(names(of(item("subGoals", true)))).toEqual(["rubric/sub_goals"]);
  });
});

describe("the metrics of trials", () => {
  const of = (turns: number, harm: number, solved: number): Trajectory =>
    judged(0, {
      counts: { "trial/turns": turns, "trial/telling": turns, "trial/idle": 0, "trial/harm": harm, "trial/solved": solved },
    });

  test("are means over the episodes in which they were counted; harm is a share, however much was done", () => {
    expect(metricsOf([of(2, 3, 0), of(1, 0, 1), aborted(), judged(1)])).toMatchObject({
      "trial/turns": 1.5,
      "trial/telling": 1.5,
      "trial/idle": 0,
      "trial/harm": 0.5,
      "trial/solved": 0.5,
    });
  });

  test("are absent where nothing was counted", () => {
    expect(Object.keys(metricsOf([judged(1)])).filter((name) => name.startsWith("trial/"))).toEqual([]);
  });
});

describe("a group with a guide, or one that was stopped", () => {
  const scoredOf = (...groups: readonly Group[]) => assignAdvantages(groups, { mode: "uniform", normalizeStd: true });
  const failed = { index: 0, task: blueprint(), ids: [1, 2], trajectories: [judged(-1), judged(-1)] };
  const guide = {
    id: 3,
    trajectory: judged(1, { author: "blueprint", sample: 2, stopReason: "user_done", counts: { "refused/malformed": 1 } }),
  };

  test("has the metrics of its sampled members alone: the guide is counted as such and is in nothing else", () => {
    const without = groupMetrics(scoredOf(failed));
    expect(groupMetrics(scoredOf({ ...failed, guide }))).toEqual({ ...without, "rollout/guided": 1 });
    expect(without).toMatchObject({ reward: -1, frac_reward_zero_std: 1, "rollout/trajectories": 2, "rollout/guided": 0 });
  });

  test("is in every mean with the samples that were played whatever came out, whole or stopped; spare tasks are in none", () => {
    const sampled = (...rewards: readonly number[]) => rewards.map((reward, sample) => judged(reward, { sample }));
    const stopped = { ...failed, trajectories: sampled(1, 1), ids: [1, 2], stopped: true, unconditional: 2 };
    const open = { ...failed, trajectories: sampled(1, -1, -1, -1), ids: [3, 4, 5, 6], stopped: false, unconditional: 2 };
    const spare = { ...failed, trajectories: sampled(-1, -1, -1, -1), ids: [7, 8, 9, 10], stopped: false, unconditional: 0 };
    const metrics = groupMetrics(scoredOf(stopped, open, spare));
    expect(metrics).toMatchObject({ reward: 0.5, "rollout/success": 0.75, "rollout/trajectories": 10 });
    expect(metrics).toMatchObject({ "rollout/stopped": 1, "rollout/spare": 1, "rollout/aborted": 0 });
    expect(metrics.frac_reward_zero_std).toBeCloseTo(2 / 3, 12);
  });
});

describe("the anchors of the judge", () => {
  const weighed = (margin: number) => judged(0.8, { verdict: { reward: 0.8, rules: 1, judge: 0.6, margin, reason: "" } });

  test("that it could not tell apart are counted; their distance is a mean over the scored ones", () => {
    const metrics = metricsOf([weighed(2), weighed(-0.5), judged(0)], [weighed(0), aborted()]);
    expect(metrics).toMatchObject({ "rollout/no_margin": 2, "rollout/judge_margin": 0.5 });
  });

  test("have no mean if none was scored", () => {
    expect(metricsOf([judged(1), judged(0)])["rollout/no_margin"]).toBe(0);
    expect(metricsOf([judged(1), judged(0)])).not.toHaveProperty("rollout/judge_margin");
  });
});

describe("blame and simulator usage", () => {
  test("bad endings are counted by party, aborts by role and kind, refusals by kind", () => {
    const invented = judged(-1, { counts: { "refused/invented_id": 2, "tokens_in/tool": 90 } });
    const metrics = metricsOf([invented, judged(1), aborted(), aborted()]);
    expect(metrics).toMatchObject({
      ...{ "rollout/blamed/agent": 1, "rollout/blamed/tool": 2 },
      ...{ "simulator/aborted/tool/deadline": 2, "simulator/refused/invented_id": 2 },
    });
    expect(Object.keys(metrics).filter((name) => name.includes("tokens"))).toEqual([]); // those of the process are counted there
  });

  test("the simulator's counts are those since the step began", () => {
    const before = newUsage();
    count(before, { replies: 5, "tokens_in/tool": 100 });
    const now = { ...before };
    count(now, { replies: 2, contradictions: 1, "tokens_in/tool": 20, "tokens_out/task": 7, "retried/user": 1 });
    expect(simulatorMetrics(now, before)).toMatchObject({
      ...{ "simulator/replies": 2, "simulator/contradictions": 1, "simulator/retried/user": 1 },
      ...{ "simulator/tokens_in/tool": 20, "simulator/tokens_out/task": 7, "simulator/tokens_in/user": 0 },
    });
    expect(before.replies).toBe(5);
  });
});

describe("the gap between sampler and learner", () => {
  test("is the mean and the largest absolute difference, and the share of ratios out of band", () => {
    const metrics = gapMetrics([
      { old: -1, behaviour: -1.2 },
      { old: -2, behaviour: -1.95 },
    ]);
    expect(metrics["sampling/sampling_logp_difference/mean"]).toBeCloseTo(0.125, 12);
    expect(metrics["sampling/sampling_logp_difference/max"]).toBeCloseTo(0.2, 12);
    expect(metrics["sampling/ratio_out_of_band"]).toBe(0.5);
  });

  test("can be computed over as many tokens as a step has", () => {
    const pairs = Array.from({ length: 300_000 }, (_, at) => ({ old: -1, behaviour: at === 7 ? -1.5 : -1 }));
    expect(gapMetrics(pairs)["sampling/sampling_logp_difference/max"]).toBe(0.5);
    expect(gapMetrics([])).toEqual({
      "sampling/sampling_logp_difference/mean": 0,
      "sampling/sampling_logp_difference/max": 0,
      "sampling/ratio_out_of_band": 0,
    });
  });
});

test("a deviation is the sample's (n - 1), and 0 for fewer than two values", () => {
  expect(deviation([1, 3])).toBeCloseTo(Math.SQRT2, 12);
  expect([deviation([5]), deviation([])]).toEqual([0, 0]);
});
