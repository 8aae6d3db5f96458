// The list of metrics against the recorded names of a whole run on the doubles and of groups in which everything happens. The
// learner's metrics are compared with the real learner in test/learner/torch.test.ts.
import { expect, test } from "vitest";
import { assignAdvantages } from "../../src/reward/assign.ts";
import { tryOutcomes } from "../../src/rollout/teacher.ts";
import { learnerMetrics, metricList } from "../../src/run/metric-list.ts";
import { groupMetrics } from "../../src/run/metrics.ts";
import { teacherMetrics } from "../../src/run/teach.ts";
import { rejectionStages } from "../../src/tasks/rejection.ts";
import { rubricSections, stopReasons } from "../../src/types.ts";
import { temporaryStore } from "../store/temporary.ts";
import { blueprint } from "../support/blueprint.ts";
import { aborted, judged } from "../support/trajectory.ts";
import { life, newRun, wholeConfig } from "../support/whole-run.ts";

/** The name in the list for a recorded name. */
const listed = (recorded: string) =>
  metricList.find(({ name }) => new RegExp(`^${name.replaceAll(/<\w+>/g, "[\\w.-]+")}$`).test(recorded))?.name;

test("every recorded name is in the list, and every name of the list is recorded", async () => {
  using temporary = temporaryStore();
  const { engine, warmup } = wholeConfig;
  const probing = { engine: { ...engine, residency: "turns" }, warmup: { ...warmup, when: "auto" } } as const;
  await life(temporary, newRun(temporary, probing), { token: "one" });
  const names = temporary.store.database
    .prepare<[], string>("SELECT name FROM metric UNION SELECT name FROM evaluation_metric")
    .pluck()
    .all();
  names.push(...Object.keys(teacherMetrics([judged(1, { author: "teacher" })])));
  const verdict = { reward: 0, rules: 0, judge: 0.5, margin: 1, reason: "weighed" };
  const items = rubricSections.map((section) => ({ section, text: "an item", met: true, by: "rule" }) as const);
  const byItems = { reward: 1, rules: 1, judge: null, reason: "all met", items };
  const trials = { "trial/turns": 1, "trial/telling": 1, "trial/idle": 0, "trial/harm": 0, "trial/solved": 1 };
  const trajectories = [
    judged(1, { verdict: byItems, counts: trials }),
    judged(-1, { verdict, counts: { "refused/malformed": 1 } }),
    aborted(),
  ];
  const [group] = assignAdvantages([{ index: 0, task: blueprint(), ids: [], trajectories }], {
    mode: "uniform",
    normalizeStd: true,
  });
  if (group) names.push(...Object.keys(groupMetrics([group])));

  expect(names.filter((name) => listed(name) === undefined)).toEqual([]);
  const recorded = new Set([...names.map(listed), ...learnerMetrics.map(({ name }) => name)]);
  // what needs an embedder, a learner in a process, and its log-probs: run/draw/series, learner/restart, run/learn
  expect(metricList.map(({ name }) => name).filter((name) => !recorded.has(name))).toEqual([
    "tasks/novelty",
    "learner/restarts",
    "sampling/gap_alarm",
  ]);
});

test("each metric has a unique name, a unit and a sentence, and placeholders are explained", () => {
  expect(new Set(metricList.map(({ name }) => name)).size).toBe(metricList.length);
  expect(metricList.filter(({ unit, sentence }) => unit === "" || !sentence.endsWith("."))).toEqual([]);
  const sentenceOf = (recorded: string) => metricList.find(({ name }) => name === listed(recorded))?.sentence;
  for (const reason of stopReasons) expect(sentenceOf(`stop/${reason}`)).toContain(reason);
  for (const stage of rejectionStages) expect(sentenceOf(`tasks/rejected/${stage}`)).toContain(stage);
  for (const outcome of tryOutcomes) expect(sentenceOf(`teacher/${outcome}`)).toContain(outcome);
});
