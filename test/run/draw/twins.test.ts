import { describe, expect, test } from "vitest";
import { besideOf } from "../../../src/pairs.ts";
import { drawTasks, type Series } from "../../../src/run/draw/series.ts";
import { drawWithTwins, twinPlaces } from "../../../src/run/draw/twins.ts";
import { loadTasks, saveTask } from "../../../src/store/tasks.ts";
import { exampleTask } from "../../store/temporary.ts";
import { openedRun, writingSession } from "../../support/writing.ts";

/** d: decline, p: plain, a: ask, c: two calls. */
const twins = (kinds: string) =>
  [
    ...twinPlaces(
      Array.from(kinds, (kind) => ({ decline: kind === "d", hold: Number(kind === "a"), calls: kind === "c" ? 2 : 1 })),
    ),
  ].map(([place, { of, as }]) => `${place} ${as} ${of}`);

describe("declines", () => {
  test("are twins of the call that shares their mini-batch of two, whatever its kind", () => {
    expect(twins("dppppp")).toEqual(["0 decline 1"]);
    expect(twins("pccdpp")).toEqual(["3 decline 2"]);
    expect(twins("adccda")).toEqual(["1 decline 0", "4 decline 5"]);
  });

  test("without a call beside them are twins of the nearest one that is written, and are written where there is none", () => {
    expect(twins("ddp")).toEqual(["0 decline 2", "1 decline 2"]);
    expect(twins("dd")).toEqual([]);
    expect(twins("ddpa")).toEqual(["2 told 3", "0 decline 3", "1 decline 3"]);
  });
});

test("beside a task that must ask stands the same one with nothing left to ask; other calls are written", () => {
  expect(twins("appa")).toEqual(["1 told 0", "2 told 3"]);
  expect(twins("aa")).toEqual(["1 told 0"]);
  expect(twins("accappcc")).toEqual([]);
});

describe("a series with twins", () => {
  const series: Series = { id: "train", step: 1, purpose: "train", first: 0, count: 4, level: 40, declineShare: 0.5, epsilon: 0 };
  const config = { tasks: { novelty: null, hard: 0, parallel: 0 } };

  test("has declines with the words of the call beside them and without its tool, in the store as in the result", async () => {
    using run = openedRun();
    const { tasks } = await drawWithTwins(writingSession(run.writer, { config }), series);
    expect([...tasks.keys()]).toEqual([0, 1, 2, 3]);
    const declines = [...tasks].filter(([, { kind }]) => kind === "decline");
    expect(declines).toHaveLength(2);
    for (const [place, { firstMessage, tools }] of declines) {
      const call = tasks.get(besideOf(place));
      expect(firstMessage).toBe(call?.firstMessage);
      expect(tools.map(({ name }) => name)).not.toContain(call?.expected[0]?.name);
    }
    expect(loadTasks(run.writer.store, run.writer.run, 1, "train")).toEqual(tasks);
  });

  test("has told twins of its ask tasks", async () => {
    using run = openedRun();
    const kinds = ["ask", "plain"] as const;
    const asking = { ...series, kinds, count: 2, declineShare: 0 };
    const [ask, told] = (await drawWithTwins(writingSession(run.writer, { config }), asking)).tasks.values();
    expect(ask?.heldBack).toHaveLength(1);
    expect(told).toMatchObject({ heldBack: [], expected: ask?.expected });
    expect(told?.firstMessage).toBe(`${ask?.firstMessage} ${ask?.heldBack[0]?.sentence}`);
  });

  test("draws another task where there is nothing to tell: the task beside it holds nothing back", async () => {
    using run = openedRun();
    saveTask(run.writer, { step: 1, purpose: "train", index: 0 }, exampleTask({ id: "told already", heldBack: [] }));
    const asking = { ...series, kinds: ["ask", "plain"] as const, count: 2, declineShare: 0 };
    const { tasks, metrics } = await drawWithTwins(writingSession(run.writer, { config }), asking);
    expect([...tasks.keys()]).toEqual([0, 1]);
    expect(tasks.get(1)?.id).toMatch(/^train-1-/);
    expect([metrics["tasks/written"], metrics["tasks/missing"]]).toEqual([2, 0]);
  });

  test("that was interrupted before its twins were made, or after, is the same", async () => {
    using whole = openedRun();
    const straight = await drawWithTwins(writingSession(whole.writer, { config }), series);
    const declines = [...straight.tasks].flatMap(([place, { kind }]) => (kind === "decline" ? [place] : []));
    using run = openedRun();
    await drawTasks(writingSession(run.writer, { config }), { ...series, skipped: new Set(declines) });
    for (const _ of ["before", "after"]) {
      const resumed = await drawWithTwins(writingSession(run.writer, { config }), series);
      expect(resumed.tasks).toEqual(straight.tasks);
    }
  });

  test("has a gap where the task of a twin could not be written", async () => {
    using run = openedRun();
    const { tasks } = await drawWithTwins(writingSession(run.writer, { config, invalid: () => true }), series);
    expect(tasks.size).toBe(0);
  });

  test("writes no task a second time that could not be written: its drafts would be the same", async () => {
    using run = openedRun();
    let asked = 0;
    const fails = () => asked++ === 0;
    const wanted = { ...series, kinds: ["ask", "plain", "plain", "plain"] as const, declineShare: 0 };
    const one = { config: { tasks: { ...config.tasks, attempts: 1 } }, invalid: fails };
    const { metrics } = await drawWithTwins(writingSession(run.writer, one), wanted);
    expect(metrics["tasks/missing"]).toBe(1);
    const rejected = Object.entries(metrics).filter(([name]) => name.startsWith("tasks/rejected/"));
    expect(rejected.reduce((sum, [, count]) => sum + count, 0)).toBe(1);
  });

  test("has none where the config wants none", async () => {
    using run = openedRun();
    const untwinned = { tasks: { ...config.tasks, twins: false } };
    const { metrics } = await drawWithTwins(writingSession(run.writer, { config: untwinned }), series);
    expect(metrics["tasks/written"]).toBe(4);
  });
});
