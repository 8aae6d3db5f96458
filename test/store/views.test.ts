import { describe, expect, it } from "vitest";
import { wilson } from "../../src/statistics/interval.ts";
import { recordEvaluation } from "../../src/store/evaluations.ts";
import { recordFailure } from "../../src/store/failures.ts";
import type { Writer } from "../../src/store/lease.ts";
import { acquireLease } from "../../src/store/lease.ts";
import { overview } from "../../src/store/overview.ts";
import { findRun, setRunConfig } from "../../src/store/runs.ts";
import { heldOutOutcomes, newestTrajectory, scoresByTools, stepScores } from "../../src/store/scores.ts";
import { closeStep, openStep } from "../../src/store/steps.ts";
import type { Store } from "../../src/store/store.ts";
import { saveTask } from "../../src/store/tasks.ts";
import { saveTrajectory } from "../../src/store/trajectories.ts";
import type { Purpose, Task, Trajectory } from "../../src/types.ts";
import { exampleTask, exampleTrajectory, newWriter, temporaryStore } from "./temporary.ts";

const heldBack = [{ call: 0, argument: "city", sentence: "It is Oslo." }];
const closing = { nextLevel: 4, nextPolicyVersion: 1, metrics: {}, checkpoint: null };
const failure = { boundary: "tool", code: "deadline", text: "no reply" } as const;
// its verdict must not count, should one have been reached before the abort
const verdict = { reward: -1, rules: 0, judge: null, reason: "" };
const aborted = { status: "aborted", stopReason: "simulator_failed", verdict, failure } as const;

/** Run tiny-1: a warm-up with one demonstration, step 1 with an ask task (3 samples and an abort) and a decline task (2). */
function filledRun(store: Store): void {
  const writer = newWriter(store);
  const save = (
    step: number,
    purpose: Purpose,
    index: number,
    task: Task,
    episodes: readonly Partial<Trajectory>[],
    phase = "",
  ) => {
    if (phase !== "step 1") saveTask(writer, { step, purpose, index }, task);
    for (const [sample, episode] of episodes.entries())
      saveTrajectory(writer, { step, purpose, phase, task: index }, exampleTrajectory({ task, sample, ...episode }));
  };
  const fault = { code: "no_call", reason: "no call where one is due" };
  const judged = (reward: number, rules: number) => ({ verdict: { reward, rules, judge: null, reason: "", fault } });
  openStep(writer, 0, { level: 4, policyVersion: 0 });
  save(0, "demonstration", 0, exampleTask(), [judged(1, 1)]);
  closeStep(writer, 0, closing);
  openStep(writer, 1, { level: 4, policyVersion: 1 });
  const asking = exampleTask({ id: "ask", heldBack });
  const declining = exampleTask({ id: "decline", kind: "decline", expected: [] });
  save(1, "train", 0, asking, [judged(1, 1), judged(0, 0.5), judged(-1, 0), aborted]);
  save(1, "train", 1, declining, [judged(1, 1), judged(1, 1)]);
  recordFailure(writer, 1, { boundary: "task", code: "invalid_reply", text: "not JSON" });
  save(0, "evaluation", 0, asking, [judged(-1, 0)], "base");
  save(0, "evaluation", 1, declining, [judged(1, 1)], "base");
  save(0, "evaluation", 0, asking, [judged(1, 1)], "step 1");
  save(0, "evaluation", 1, declining, [aborted], "step 1");
  putMetrics(writer, 1, { step_time: 54.5 });
}

function putMetrics({ store, run }: Writer, step: number, metrics: Readonly<Record<string, number>>): void {
  const insert = store.database.prepare("INSERT INTO metric (run, step, name, value) VALUES (?, ?, ?, ?)");
  for (const [name, value] of Object.entries(metrics)) insert.run(run.id, step, name, value);
}

function rows(store: Store, sql: string): unknown[] {
  return store.database.prepare(sql).raw().all();
}

describe("the views", () => {
  it("have stable columns", () => {
    using temporary = temporaryStore();
    const columns = (view: string) =>
      rows(temporary.store, `SELECT group_concat(name, ' ') FROM pragma_table_info('${view}')`).flat()[0];
    expect(columns("step_summary")).toBe("run step level reward_mean reward_std trajectories aborted policy_version seconds");
    expect(columns("trajectory_summary")).toBe(
      "id run step task sample policy_version status stop_reason reward turns tokens trained_tokens",
    );
    expect(columns("task_kinds")).toMatch(/^run step id kind .* drift$/);
    expect(columns("success_by_kind")).toBe("run step kind trajectories success reward_mean");
    expect(columns("evaluation_summary")).toBe("run step purpose phase kind tasks success low high reward_mean");
    expect(columns("selection_summary")).toBe("run step tasks call decline ask score");
    expect(columns("held_out")).toBe("id run run_id step purpose phase position task kind rules reward success drift cell");
    expect(columns("group_summary")).toBe("run step task trajectories reward_mean reward_std rules_differ");
    expect(columns("blame_summary")).toBe("run step purpose phase party code trajectories share");
    expect(columns("rubric_summary")).toBe("run step purpose phase section text items met");
    expect(columns("trial_summary")).toBe("run step purpose phase episodes trials telling idle harm solved");
    expect(columns("evaluation_by_tools")).toBe(
      "run step phase cell tasks solved solved_low solved_high success success_low success_high harm harm_low harm_high trials",
    );
    expect(columns("tried")).toMatch(/ success drift trials telling idle harm solved$/);
    expect(columns("count_summary")).toBe("run step purpose phase name total");
    expect(columns("rules_fired")).toBe("run step purpose phase rule times");
    expect(columns("start_summary")).toMatch(/^run at playact torch engine .* learner learner_dtype$/);
    expect(columns("benchmark_summary")).toBe(
      "run step model adapter dialect category rows correct score low high suite version template",
    );
    expect(columns("synthesis_summary")).toBe("task_set stage dropped personas seconds tokens_in tokens_out");
    expect(columns("transcript")).toBe("trajectory position role text turn_reward advantage phase");
  });

  it("sum up a step: aborted episodes are counted but not averaged, evaluations neither", () => {
    using temporary = temporaryStore();
    filledRun(temporary.store);
    const [warmup, step] = rows(temporary.store, "SELECT * FROM step_summary ORDER BY step") as unknown[][];
    expect(warmup?.slice(0, 8)).toEqual(["tiny-1", 0, 4, 1, null, 1, 0, 0]);
    expect(warmup?.[8]).toBeGreaterThanOrEqual(0); // seconds: nobody recorded a step_time
    // rewards 1, 0, -1, 1, 1: mean 0.4, sample variance (0.36 * 3 + 0.16 + 1.96) / 4 = 0.8
    expect(step).toEqual(["tiny-1", 1, 4, 0.4, expect.closeTo(Math.sqrt(0.8), 12), 6, 1, 1, 54.5]);
  });

  it("leave guides out of everything, and what was played because of others out of means alone", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    filledRun(store);
    const of = () =>
      [
        "step_summary",
        "trajectory_summary",
        "success_by_kind",
        "group_summary",
        "stop_reasons",
        "blame_summary",
        "rules_fired",
        "count_summary",
      ].map((view) => rows(store, `SELECT * FROM ${view}`));
    const before = [...of(), overview(store).map(({ reward }) => reward)];
    const writer = { ...acquireLease(store, findRun(store, "tiny-1"), { pid: process.pid, token: "token of tiny-1" }) };
    const place = { step: 1, purpose: "train", task: 0, conditional: true } as const;
    const fault = { code: "rejected_call", reason: "by a page that is not true" }; // such a guide corrects itself
    const verdict = { reward: 1, rules: 0.5, judge: null, reason: "", fault };
    saveTrajectory(writer, place, exampleTrajectory({ author: "blueprint", sample: 8, verdict }));
    expect([...of(), overview(store).map(({ reward }) => reward)]).toEqual(before);

    saveTrajectory(writer, place, exampleTrajectory({ sample: 4, verdict: { reward: 1, rules: 1, judge: null, reason: "" } }));
    const [, step] = rows(store, "SELECT reward_mean, trajectories FROM step_summary ORDER BY step");
    expect(step).toEqual([0.4, 7]);
    expect(rows(store, "SELECT trajectories, success FROM success_by_kind WHERE kind = 'ask'")).toEqual([
      [3, expect.closeTo(1 / 3, 12)],
    ]);
    expect(rows(store, "SELECT trajectories, reward_mean FROM group_summary WHERE task = 'ask'")).toEqual([[4, 0.25]]);
    expect(overview(store).map(({ reward }) => reward)).toEqual(before.at(-1));
  });

  it("show a step that is open and empty", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    openStep(writer, 1, { level: 7, policyVersion: 3 });
    expect(rows(temporary.store, "SELECT * FROM step_summary")).toEqual([["tiny-1", 1, 7, null, null, 0, 0, 3, null]]);
  });

  it("list episodes with turns and tokens", () => {
    using temporary = temporaryStore();
    filledRun(temporary.store);
    const all = rows(temporary.store, "SELECT * FROM trajectory_summary ORDER BY id");
    expect(all).toHaveLength(7);
    expect(all[0]).toEqual([1, "tiny-1", 0, "weather-1", 0, 0, "terminated", "user_done", 1, 1, 5, 2]);
    expect(all[4]).toEqual([5, "tiny-1", 1, "ask", 3, 0, "aborted", "simulator_failed", -1, 1, 5, 2]);
  });

  it("have a deviation of exactly 0 for equal rewards, also where their mean is rounded to another number", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    const writer = newWriter(store);
    openStep(writer, 1, { level: 3, policyVersion: 0 });
    saveTask(writer, { step: 1, purpose: "train", index: 0 }, exampleTask());
    const equal = { ...verdict, rules: 1, reward: 0.5 + 0.5 * (2 / 3) };
    for (const sample of [0, 1, 2])
      saveTrajectory(writer, { step: 1, purpose: "train", task: 0 }, exampleTrajectory({ sample, verdict: equal }));
    expect(rows(store, "SELECT trajectories, reward_std FROM group_summary")).toEqual([[3, 0]]);
  });

  it("have separate rows for kinds, groups, evaluations, stop reasons and failures", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    filledRun(store);
    expect(rows(store, "SELECT id, kind FROM task_kinds WHERE purpose = 'train' ORDER BY id")).toEqual([
      ["ask", "ask"],
      ["decline", "decline"],
    ]);
    expect(rows(store, "SELECT * FROM success_by_kind ORDER BY kind")).toEqual([
      ["tiny-1", 1, "ask", 3, expect.closeTo(1 / 3, 12), 0],
      ["tiny-1", 1, "decline", 2, 1, 1],
    ]);
    expect(rows(store, "SELECT * FROM group_summary ORDER BY task")).toEqual([
      ["tiny-1", 1, "ask", 3, 0, 1, 1],
      ["tiny-1", 1, "decline", 2, 1, 0, 0],
    ]);
    // Wilson's bounds of one task of one: z squared over 1 + z squared, and its complement
    const [low, high] = [expect.closeTo(0.20655, 5), expect.closeTo(0.79345, 5)];
    expect(rows(store, "SELECT * FROM evaluation_summary ORDER BY phase, kind")).toEqual([
      ["tiny-1", null, "evaluation", "base", "ask", 1, 0, 0, high, -1],
      ["tiny-1", null, "evaluation", "base", "decline", 1, 1, low, 1, 1],
      ["tiny-1", 1, "evaluation", "step 1", "ask", 1, 1, low, 1, 1],
    ]);
    expect(rows(store, "SELECT step, stop_reason, trajectories FROM stop_reasons ORDER BY step, stop_reason")).toEqual([
      [0, "user_done", 1],
      [1, "simulator_failed", 1],
      [1, "user_done", 5],
    ]);
    expect(rows(store, "SELECT * FROM failures_by_boundary WHERE step = 1 ORDER BY boundary")).toEqual([
      ["tiny-1", 1, "task", "invalid_reply", 1],
      ["tiny-1", 1, "tool", "deadline", 1],
    ]);
  });

  it("count bad endings by the party at fault, with their share of the bad endings of the same purpose and phase", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    filledRun(store);
    const blames =
      "SELECT step, purpose, phase, party, code, trajectories, share FROM blame_summary ORDER BY step, purpose, phase, party";
    expect(rows(store, blames)).toEqual([
      [0, "evaluation", "base", "agent", "no_call", 1, 1],
      [0, "evaluation", "step 1", "tool", "deadline", 1, 1],
      [1, "train", "", "agent", "no_call", 2, expect.closeTo(2 / 3, 12)],
      [1, "train", "", "tool", "deadline", 1, expect.closeTo(1 / 3, 12)],
    ]);
    const stored = "SELECT reward, blame_party, blame_code, blame_reason FROM trajectory WHERE reward > 0.9 OR reward = 0";
    expect(rows(store, stored).slice(0, 3)).toEqual([
      [1, null, null, null], // a good end is nobody's fault
      [1, null, null, null],
      [0, "agent", "no_call", "no call where one is due"],
    ]);
  });

  it("sum up the items of rubrics by text, without guides, aborted episodes and what was played because of others", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    const writer = newWriter(store);
    openStep(writer, 1, { level: 4, policyVersion: 1 });
    const place = { step: 1, purpose: "train", task: 0 } as const;
    saveTask(writer, { ...place, index: 0 }, exampleTask());
    const items = (goal: boolean, question: boolean): Partial<Trajectory> => ({
      verdict: {
        ...{ reward: 0, rules: 0, judge: null, reason: "" },
        items: [
          { section: "subGoals", text: "the lesson is changed", met: goal, by: "rule" },
          { section: "questions", text: "the day is asked for", met: question, by: "rule" },
        ],
      },
    });
    saveTrajectory(writer, place, exampleTrajectory({ sample: 0, ...items(true, false) }));
    saveTrajectory(writer, place, exampleTrajectory({ sample: 1, ...items(false, false) }));
    saveTrajectory(writer, place, exampleTrajectory({ sample: 2, ...items(true, true), ...aborted }));
    saveTrajectory(writer, { ...place, conditional: true }, exampleTrajectory({ sample: 3, ...items(true, true) }));
    saveTrajectory(writer, place, exampleTrajectory({ sample: 4, author: "blueprint", ...items(true, true) }));
    saveTask(writer, { step: 0, purpose: "evaluation", index: 0 }, exampleTask());
    saveTrajectory(
      writer,
      { step: 0, purpose: "evaluation", phase: "base", task: 0 },
      exampleTrajectory({ sample: 0, ...items(false, true) }),
    );
    expect(rows(store, "SELECT * FROM rubric_summary ORDER BY purpose, section DESC")).toEqual([
      ["tiny-1", 0, "evaluation", "base", "subGoals", "the lesson is changed", 1, 0],
      ["tiny-1", 0, "evaluation", "base", "questions", "the day is asked for", 1, 1],
      ["tiny-1", 1, "train", "", "subGoals", "the lesson is changed", 2, 0.5],
      ["tiny-1", 1, "train", "", "questions", "the day is asked for", 2, 0],
    ]);
  });

  it("give a run's scores: steps and phases in order, and the newest trajectory outside evaluations", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    filledRun(store);
    const run = findRun(store, "tiny-1");
    expect(stepScores(store, run).map(({ step, reward_mean, aborted }) => [step, reward_mean, aborted])).toEqual([
      [0, 1, 0],
      [1, 0.4, 1],
    ]);
    expect(heldOutOutcomes(store, run)).toEqual([
      { step: null, position: 0, kind: "ask", success: 0 },
      { step: 1, position: 0, kind: "ask", success: 1 },
      { step: null, position: 1, kind: "decline", success: 1 },
    ]);
    expect(newestTrajectory(store, run)).toBe(7);
    expect(newestTrajectory(store, { ...run, name: "other" })).toBeNull();
  });

  it("add up the counts of episodes by name", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    openStep(writer, 1, { level: 4, policyVersion: 0 });
    saveTask(writer, { step: 1, purpose: "train", index: 0 }, exampleTask());
    for (const [sample, counts] of [{ "tokens_in/tool": 7, "refused/malformed": 1 }, { "tokens_in/tool": 5 }, {}].entries())
      saveTrajectory(writer, { step: 1, purpose: "train", task: 0 }, exampleTrajectory({ sample, counts }));
    expect(rows(temporary.store, "SELECT step, name, total FROM count_summary ORDER BY name")).toEqual([
      [1, "refused/malformed", 1],
      [1, "tokens_in/tool", 12],
    ]);
  });

  it("count how often each rule fired: in episodes, in the writing of tasks, and failures outside episodes", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    filledRun(store);
    const writer = newWriter(store, "other");
    openStep(writer, 1, { level: 4, policyVersion: 0 });
    saveTask(writer, { step: 1, purpose: "train", index: 0 }, exampleTask());
    const counted = [
      { "refused/malformed": 2, "tokens_in/tool": 7, replies: 3 },
      { "refused/malformed": 1, "retried/user": 1, retried: 1, contradictions: 4 },
    ];
    for (const [sample, counts] of counted.entries())
      saveTrajectory(writer, { step: 1, purpose: "train", task: 0 }, exampleTrajectory({ sample, counts }));
    const written = { "tasks/rejected/calls": 3, "tasks/rejected/too_close": 0, "tasks/plain_messages": 1, "tasks/written": 2 };
    putMetrics(writer, 1, { ...written, "simulator/retried/task": 2, "simulator/retried/user": 1 });
    recordEvaluation(writer, "tasks", { "tasks/rejected/calls": 5 });
    recordEvaluation(writer, "cell tasks", { "tasks/rejected/calls": 2 });
    recordEvaluation(writer, "base", { "simulator/retried/task": 9 });
    const fired = (run: string) =>
      rows(store, `SELECT step, purpose, phase, rule, times FROM rules_fired WHERE run = '${run}' ORDER BY step, phase, rule`);
    expect(fired("other")).toEqual([
      [0, "evaluation", "", "rejected/calls", 7],
      [1, "train", "", "contradictions", 4],
      [1, "train", "", "plain_messages", 1],
      [1, "train", "", "refused/malformed", 3],
      [1, "train", "", "rejected/calls", 3],
      [1, "train", "", "rejected/too_close", 0],
      [1, "train", "", "retried/task", 2],
      [1, "train", "", "retried/user", 1],
    ]);
    expect(fired("tiny-1")).toEqual([
      [0, "evaluation", "base", "blamed/agent/no_call", 1],
      [0, "evaluation", "step 1", "blamed/tool/deadline", 1],
      [1, "train", "", "blamed/agent/no_call", 2],
      [1, "train", "", "blamed/tool/deadline", 1],
      [1, null, "", "failed/task/invalid_reply", 1],
    ]);
  });

  it("have trials by step, and held-out tasks by which page is not true, with an interval each", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    const writer = newWriter(store);
    const { config } = writer.run;
    setRunConfig(writer, { ...config, evaluation: { ...config.evaluation, tasks: 1, perCell: 2 } });
    const counts = (turns: number, idle: number, harm: number, solved: number) => ({
      "trial/turns": turns,
      "trial/telling": turns - idle,
      "trial/idle": idle,
      "trial/harm": harm,
      "trial/solved": solved,
    });
    const drift = { kind: "decoy", tool: "a", was: "b", decoy: "c", result: {} } as const;
    // a task that reports, which is in no cell; two with true pages, of which one episode was aborted; two with a decoy
    const held: readonly (readonly [Partial<Task>, Partial<Trajectory>])[] = [
      [{}, { counts: counts(9, 9, 9, 0) }],
      [{}, { counts: counts(1, 0, 0, 1) }],
      [{}, { ...aborted, counts: {} }],
      [{ drift }, { counts: counts(2, 1, 2, 0), verdict: { ...verdict, rules: 0 } }],
      [{ drift }, { counts: counts(0, 0, 0, 1) }],
    ];
    for (const [index, [change, episode]] of held.entries()) {
      const task = exampleTask({ id: `${index}`, ...change });
      saveTask(writer, { step: 0, purpose: "evaluation", index }, task);
      saveTrajectory(
        writer,
        { step: 0, purpose: "evaluation", phase: "step 4", task: index },
        exampleTrajectory({ task, ...episode }),
      );
    }
    const cells = rows(store, "SELECT * FROM evaluation_by_tools ORDER BY cell") as unknown[][];
    const half = wilson(1, 2);
    const bounds = [expect.closeTo(half.low, 12), expect.closeTo(half.high, 12)];
    expect(cells).toEqual([
      ["tiny-1", 4, "step 4", "decoy", 2, 0.5, ...bounds, 0.5, ...bounds, 0.5, ...bounds, 1],
      [
        "tiny-1",
        4,
        "step 4",
        "true",
        1,
        1,
        expect.closeTo(wilson(1, 1).low, 12),
        1,
        1,
        expect.any(Number),
        1,
        0,
        0,
        expect.any(Number),
        1,
      ],
    ]);
    expect(rows(store, "SELECT episodes, trials, telling, idle, harm, solved FROM trial_summary")).toEqual([
      [4, 3, 0.5, 2.5, 0.5, 0.5],
    ]);
    expect(rows(store, "SELECT drift, count(*) FROM task_kinds GROUP BY drift")).toEqual([
      [null, 3],
      ["decoy", 2],
    ]);
    expect(scoresByTools(store, writer.run).map(({ cell, solved }) => [cell, solved])).toEqual([
      ["decoy", 0.5],
      ["true", 1],
    ]);
  });

  it("keep tasks in cells out of what reports, where they would count a plain task once for each page it was given", () => {
    using temporary = temporaryStore();
    const { store } = temporary;
    const writer = newWriter(store);
    const { config } = writer.run;
    const drift = { kind: "decoy", tool: "a", was: "b", decoy: "c", result: {} } as const;
    const held: readonly (readonly [Partial<Task>, number])[] = [
      [{}, 1],
      [{}, 0],
      [{ drift }, 0],
    ];
    for (const [index, [change, right]] of held.entries()) {
      const task = exampleTask({ id: `${index}`, ...change });
      const episode = exampleTrajectory({ task, verdict: { ...verdict, reward: right, rules: right } });
      for (const purpose of ["evaluation", "selection"] as const) {
        saveTask(writer, { step: 0, purpose, index }, task);
        saveTrajectory(writer, { step: 0, purpose, phase: "step 4", task: index }, episode);
      }
    }
    const summed = () => rows(store, "SELECT purpose, kind, tasks, success FROM evaluation_summary ORDER BY purpose");
    setRunConfig(writer, { ...config, evaluation: { ...config.evaluation, tasks: 1, perCell: 1 } });
    expect(summed()).toEqual([
      ["evaluation", "plain", 1, 1],
      ["selection", "plain", 3, expect.closeTo(1 / 3, 12)],
    ]);
    expect(heldOutOutcomes(store, writer.run)).toEqual([{ step: 4, position: 0, kind: "plain", success: 1 }]);
    expect(rows(store, "SELECT cell FROM held_out WHERE purpose = 'evaluation' ORDER BY position").flat()).toEqual([
      ...[null, "true", "decoy"],
    ]);
    // without cells every task reports
    setRunConfig(writer, { ...config, evaluation: { ...config.evaluation, tasks: 1, perCell: 0 } });
    expect(summed()[0]).toEqual(["evaluation", "plain", 3, expect.closeTo(1 / 3, 12)]);
  });

  it("name every kind of task", () => {
    using temporary = temporaryStore();
    const writer = newWriter(temporary.store);
    const tasks = [{}, { heldBack }, { dependent: true }, { heldBack, dependent: true }, { kind: "decline", heldBack }] as const;
    for (const [index, change] of tasks.entries())
      saveTask(writer, { step: 0, purpose: "evaluation", index }, exampleTask({ id: `${index}`, ...change }));
    const kinds = rows(temporary.store, "SELECT kind FROM task_kinds ORDER BY id").flat();
    expect(kinds).toEqual(["plain", "ask", "chain", "ask+chain", "decline"]);
  });

  it("do not mix runs", () => {
    using temporary = temporaryStore();
    filledRun(temporary.store);
    const other = newWriter(temporary.store, "other");
    openStep(other, 1, { level: 9, policyVersion: 0 });
    saveTask(other, { step: 1, purpose: "train", index: 0 }, exampleTask());
    saveTrajectory(other, { step: 1, purpose: "train", task: 0 }, exampleTrajectory());
    expect(rows(temporary.store, "SELECT reward_mean, trajectories FROM step_summary WHERE run = 'other'")).toEqual([[0.5, 1]]);
    expect(rows(temporary.store, "SELECT reward_mean FROM step_summary WHERE run = 'tiny-1' AND step = 1")).toEqual([[0.4]]);
  });
});
