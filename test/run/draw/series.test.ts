// Series of tasks with a real store and the scripted engine: what is accepted, counted and stored, and that an interrupted run
// draws the same tasks as an uninterrupted one.
import { expect, test } from "vitest";
import { Stopped } from "../../../src/errors.ts";
import { drawTasks, type Series } from "../../../src/run/draw/series.ts";
import { vectorsOf } from "../../../src/store/embeddings.ts";
import type { Writer } from "../../../src/store/lease.ts";
import { openStep } from "../../../src/store/steps.ts";
import { loadTasks, saveTask } from "../../../src/store/tasks.ts";
import { promptTokens } from "../../../src/tasks/rejection.ts";
import { exampleTask } from "../../store/temporary.ts";
import { findTrain } from "../../support/blueprint.ts";
import { openedRun, type WritingWorld, writingSession } from "../../support/writing.ts";

const series: Series = { id: "train", step: 1, purpose: "train", first: 0, count: 6, level: 40, declineShare: 0, epsilon: 0 };

async function drawn(writer: Writer, world: WritingWorld = {}) {
  const result = await drawTasks(writingSession(writer, world), series);
  const tasks = loadTasks(writer.store, writer.run, series.step, series.purpose);
  return { metrics: result.metrics, tasks, messages: [...tasks.values()].map(({ firstMessage }) => firstMessage) };
}

test("tasks too similar to an earlier one are drawn again, and counted", async () => {
  using run = openedRun();
  const { messages, metrics } = await drawn(run.writer);
  expect(new Set(messages).size).toBe(6);
  expect(metrics).toMatchObject({ "tasks/written": 6, "tasks/missing": 0, "tasks/novelty": 1, "tasks/rejected/calls": 0 });
  expect(metrics["tasks/rejected/too_close"]).toBeGreaterThan(0);
  expect(vectorsOf(run.writer.store, run.writer.run, series)).toHaveLength(6);
});

test("without a threshold nothing is compared, embedded or stored", async () => {
  using run = openedRun();
  const { messages, metrics } = await drawn(run.writer, { config: { tasks: { novelty: null, hard: 0, parallel: 0 } } });
  expect(new Set(messages).size).toBeLessThan(6);
  expect(metrics).toMatchObject({ "tasks/rejected/too_close": 0 });
  expect(metrics).not.toHaveProperty("tasks/novelty");
  expect(vectorsOf(run.writer.store, run.writer.run, series)).toEqual([]);
});

test("no task to train on repeats the message of a held-out one, with or without a threshold", async () => {
  using run = openedRun();
  const held = (await drawn(run.writer, { config: { tasks: { novelty: null, hard: 0, parallel: 0 } } })).tasks.values();
  using other = openedRun();
  for (const [index, task] of [...held].entries()) saveTask(other.writer, { step: 0, purpose: "evaluation", index }, task);
  const reported = loadTasks(other.writer.store, other.writer.run, 0, "evaluation");
  const { messages, metrics } = await drawn(other.writer, { config: { tasks: { novelty: null, hard: 0, parallel: 0 } } });
  expect(metrics["tasks/rejected/too_close"]).toBeGreaterThan(0);
  expect(messages.length).toBeGreaterThan(0);
  for (const { firstMessage } of reported.values()) expect(messages).not.toContain(firstMessage);
});

test("a run interrupted anywhere draws the same tasks as an uninterrupted one, however long each reply took", async () => {
  using whole = openedRun();
  const straight = await drawn(whole.writer, { jitter: 0 });
  for (const stopAt of [1, 2, 3, 4, 5]) {
    using run = openedRun();
    await expect(drawn(run.writer, { stopAt, jitter: 7 })).rejects.toThrow(Stopped);
    const before = loadTasks(run.writer.store, run.writer.run, 1, "train");
    expect(before.size).toBeLessThan(6);
    const resumed = await drawn(run.writer, { jitter: 7 });
    expect(resumed.tasks).toEqual(straight.tasks);
    expect(resumed.metrics["tasks/novelty"]).toBe(straight.metrics["tasks/novelty"]);
  }
});

test("tasks are compared with those of earlier steps", async () => {
  using run = openedRun();
  await drawn(run.writer);
  openNext(run.writer);
  const next = await drawTasks(writingSession(run.writer), { ...series, step: 2, first: 6, count: 3 });
  // eight cities, six of them taken: two tasks are new, the third place stays empty
  expect(next.tasks.size).toBe(2);
  expect(next.metrics).toMatchObject({ "tasks/written": 2, "tasks/missing": 1 });
});

function openNext(writer: Writer): void {
  writer.store.database.exec("UPDATE step SET closed_at = opened_at, next_level = 40, next_policy_version = 1");
  openStep(writer, 2, { level: 40, policyVersion: 1 });
}

test("a missing task has a failure row with every reason, and the level falls while rounds give no task", async () => {
  using run = openedRun();
  const { tasks, metrics } = await drawn(run.writer, { invalid: () => true });
  expect(tasks.size).toBe(0);
  expect(metrics).toMatchObject({ "tasks/missing": 6, "tasks/rejected/calls": 6 * 9 });
  const rows = run.writer.store.database.prepare("SELECT task, text FROM failure ORDER BY task").all() as {
    task: string;
    text: string;
  }[];
  expect(rows.map(({ task }) => task)).toEqual([0, 1, 2, 3, 4, 5].map((n) => `train-${n}`));
  expect(rows[0]?.text.split("; ")).toEqual(Array(9).fill("calls: an argument is empty or cut"));
});

test("a task of a round that follows an empty one is ten levels lower, and says so", async () => {
  using run = openedRun();
  let asked = 0;
  const { tasks } = await drawn(run.writer, { invalid: () => ++asked <= 6, config: { tasks: { novelty: null, parallel: 0 } } });
  expect([...tasks.values()].map(({ level }) => level)).toEqual(Array(6).fill(30));
});

test("a prompt that leaves no room for the response is rejected for that reason", async () => {
  using run = openedRun();
  const { metrics } = await drawn(run.writer, { config: { engine: { policyContext: 600 }, rollout: { responseTokens: 500 } } });
  expect(metrics).toMatchObject({ "tasks/written": 0, "tasks/rejected/calls": 0, "tasks/rejected/prompt_too_long": 6 * 9 });
});

test("a prompt that is too long offers fewer tools beside the needed one", async () => {
  using run = openedRun();
  const tools = Array.from({ length: 6 }, (_, n) => ({ ...findTrain, name: `find_train_${n}` }));
  const session = (room: number) => ({
    ...writingSession(run.writer, {
      config: { tasks: { novelty: null }, engine: { policyContext: 500 + room }, rollout: { responseTokens: 500 } },
    }),
    toolsets: { train: [{ domain: "travel", name: "trains", tools }], heldOut: [] },
  });
  const level = { ...series, level: 60, count: 2 };
  const whole = await drawTasks(session(4000), level);
  expect([...whole.tasks.values()].map(({ tools: offered }) => offered.length)).toEqual([6, 6]);
  openNext(run.writer);
  const [first] = whole.tasks.values();
  const some = { ...(first ?? exampleTask()), tools: tools.slice(0, 3) };
  const room = promptTokens(some, session(0).template) + 40;
  const { tasks, metrics } = await drawTasks(session(room), { ...level, step: 2 });
  expect(metrics).toMatchObject({ "tasks/written": 2, "tasks/rejected/prompt_too_long": 0 });
  for (const { tools: offered, expected } of tasks.values()) {
    expect(offered.length).toBeGreaterThan(1);
    expect(offered.length).toBeLessThan(6);
    expect(offered.map(({ name }) => name)).toContain(expected[0]?.name);
  }
});

test("what was asked for a task is stored with it: for the drafts that were rejected, then for the one that became it", async () => {
  using run = openedRun();
  let asked = 0;
  const { tasks } = await drawn(run.writer, { invalid: () => ++asked <= 6 });
  const rows = run.writer.store.database
    .prepare<[], { task: string; problem: string | null; reply: string; prompt: string }>("SELECT * FROM question ORDER BY id")
    .all();
  for (const { id, firstMessage } of tasks.values()) {
    const [calls, words] = rows.filter(({ task }) => task === id);
    expect([calls?.problem, words?.problem]).toEqual([null, null]);
    expect(JSON.parse(words?.reply ?? "")).toEqual({ message: firstMessage });
    expect(words?.prompt).toMatch(/^system: [\s\S]+\n\nuser: [\s\S]+$/);
  }
  const refused = rows.filter(({ problem }) => problem === "an argument is empty or cut");
  expect(refused).toHaveLength(6);
  const accepted = new Set([...tasks.values()].map(({ id }) => id));
  expect(refused.filter(({ task }) => accepted.has(task))).toEqual([]);
});

test("what was asked for a task that was never written is stored once, also when a resumed run tries again", async () => {
  using run = openedRun();
  const count = () => run.writer.store.database.prepare("SELECT count(*), count(DISTINCT task) FROM exchange").raw().get();
  await drawn(run.writer, { invalid: () => true });
  expect(count()).toEqual([6 * 9, 6 * 9]);
  await drawn(run.writer, { invalid: () => true });
  expect(count()).toEqual([6 * 9, 6 * 9]);
});
