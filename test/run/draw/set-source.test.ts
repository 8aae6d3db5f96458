import { describe, expect, test } from "vitest";
import { type ConfigInput, configSchema } from "../../../src/config/config.ts";
import { checkConfig } from "../../../src/config/resolve.ts";
import { besideOf } from "../../../src/pairs.ts";
import type { Series } from "../../../src/run/draw/series.ts";
import { sourceOf } from "../../../src/run/draw/source-of.ts";
import { checkTrainingSet, openTrainingSet } from "../../../src/run/draw/task-set.ts";
import type { TaskSource } from "../../../src/run/draw/task-source.ts";
import { closeStep, openStep } from "../../../src/store/steps.ts";
import type { Task } from "../../../src/types.ts";
import { newWriter, temporaryStore } from "../../store/temporary.ts";
import { bookSeats } from "../../support/blueprint.ts";
import { setTask, storeSet, tempting, temptingTask } from "../../support/task-set.ts";
import { writingSession } from "../../support/writing.ts";

const twelve = Array.from({ length: 12 }, (_, n) => setTask(n));
const noEvaluation = { evaluation: { tasks: 0, decisions: 0 } };

/** A run and the set "trips" in its store. */
function runWith(tasks: readonly Task[] = twelve) {
  const temporary = temporaryStore();
  const { store } = temporary;
  const writer = newWriter(store);
  storeSet(store, "trips", tasks);
  const opened = (config: ConfigInput = noEvaluation) => {
    const tasksOfSet = { source: "trips", twins: false, ...config.tasks };
    return sourceOf(writingSession(writer, { config: { ...config, tasks: tasksOfSet } }));
  };
  /** The tasks of a series; its step is open while they are drawn. */
  const draw = async (source: TaskSource, series: Series) => {
    openStep(writer, series.step, { level: 30, policyVersion: 0 });
    const drawn = await source.draw(series);
    expect(await source.draw(series)).toEqual(drawn); // also after a resume
    closeStep(writer, series.step, { nextLevel: 30, nextPolicyVersion: 0, metrics: {}, checkpoint: null });
    return drawn;
  };
  return { store, writer, opened, draw, [Symbol.dispose]: () => temporary[Symbol.dispose]() };
}

const step = (number: number, count: number, change: Partial<Series> = {}): Series => ({
  ...{ id: "train", step: number, purpose: "train", first: (number - 1) * count, count, level: 30 },
  ...{ declineShare: 0, epsilon: 0, ...change },
});
const demonstrations = (count: number): Series =>
  step(0, count, { id: "demo", purpose: "demonstration", first: 0, declineShare: 0.25 });

const inSet = (tasks: ReadonlyMap<number, Task>) => [...tasks.values()].map((task) => task.inSet);

describe("the tasks of a set", () => {
  test("come epoch by epoch: each once before any comes again, in another order, with ids of their own", async () => {
    using run = runWith();
    const source = run.opened();
    const drawn: Task[] = [];
    for (const number of [1, 2, 3, 4]) drawn.push(...(await run.draw(source, step(number, 6))).tasks.values());
    const [first, second] = [drawn.slice(0, 12), drawn.slice(12)].map((epoch) => epoch.map((task) => task.inSet));
    expect(new Set(first).size).toBe(12);
    expect(second?.toSorted()).toEqual(first?.toSorted());
    expect(second).not.toEqual(first);
    expect(new Set(drawn.map(({ id }) => id)).size).toBe(24);
  });

  test("with twins too, although a pair draws one task", async () => {
    using run = runWith();
    const source = run.opened({ ...noEvaluation, tasks: { twins: true } });
    const drawn: (string | undefined)[] = [];
    for (const number of [1, 2, 3, 4])
      drawn.push(...new Set(inSet((await run.draw(source, step(number, 6, { declineShare: 0.25 }))).tasks)));
    expect([drawn.length, new Set(drawn).size]).toEqual([12, 12]);
  });

  test("are as the set has them, but for what the config decides: limits, and the prompt that the restriction ends", async () => {
    using run = runWith([temptingTask(0)]);
    const rollout = { responseTokens: 500, tokensPerTurn: 90 };
    const [task] = (await run.draw(run.opened({ ...noEvaluation, rollout }), step(1, 1))).tasks.values();
    const { limits: _, systemPrompt: __, id: ___, level: ____, inSet: origin, criteria: _____, ...same } = task ?? setTask(1);
    expect(temptingTask(0)).toMatchObject(same);
    expect(origin).toBe(temptingTask(0).id);
    // two calls more than the right ones: what a table comes to in the end is what is paid for
    const toolTurns = temptingTask(0).expected.length + 2;
    expect(task?.limits).toMatchObject({ ...rollout, userReplies: 1, toolTurns, assistantTurns: toolTurns + 2 });
    expect(task?.systemPrompt).toMatch(/^You .*Never book seats, because the counter is closed\.$/);
  });

  test("have no level that could move", () => {
    using run = runWith();
    expect(run.opened().nextLevel(30, 1, { step: 3 }, 1)).toBe(30);
  });

  test("are drawn for spare places among those that the step does not play", async () => {
    using run = runWith(twelve.slice(0, 3));
    const source = run.opened({ ...noEvaluation, tasks: { perStep: 2, decline: 0 } });
    openStep(run.writer, 1, { level: 30, policyVersion: 0 });
    const planned = (await source.draw(step(1, 2))).tasks;
    const spare = await source.spare({ step: 1, level: 30, number: 0 });
    expect(spare?.index).toBe(2);
    expect(inSet(planned)).not.toContain(spare?.task.inSet);
    expect(await source.spare({ step: 1, level: 30, number: 0 })).toEqual(spare);
  });

  test("decline in spare places as often as planned, not always or never", async () => {
    using run = runWith();
    const source = run.opened({ ...noEvaluation, tasks: { perStep: 2, decline: 0.25 } });
    const kinds: (string | undefined)[] = [];
    for (let number = 1; number <= 40; number++) {
      openStep(run.writer, number, { level: 30, policyVersion: 0 });
      kinds.push((await source.spare({ step: number, level: 30, number: 0 }))?.task.kind);
      closeStep(run.writer, number, { nextLevel: 30, nextPolicyVersion: 0, metrics: {}, checkpoint: null });
    }
    const declined = kinds.filter((kind) => kind === "decline").length;
    expect(declined).toBeGreaterThan(2);
    expect(declined).toBeLessThan(20);
  });

  test("are judged by their calls where written tools answer, which know no table", () => {
    using run = runWith();
    const tablesOf = (tools: "written" | "executed") => {
      const config = configSchema.parse({ simulator: { tools }, tasks: { source: "trips" } });
      const { train, evaluation, selection } = openTrainingSet(run.store, config, "trips");
      return [...train, ...evaluation, ...selection].filter(({ table }) => table !== undefined).length;
    };
    expect([tablesOf("written"), tablesOf("executed")]).toEqual([0, 12]);
  });
});

describe("twins", () => {
  test("stand beside their task: told at once, or without the tool that is needed and with the table", async () => {
    using run = runWith();
    const { tasks } = await run.draw(run.opened({ ...noEvaluation, tasks: { twins: true } }), step(1, 8, { declineShare: 0.25 }));
    expect(tasks.size).toBe(8);
    const kinds = [...tasks].map(([place, task]) => {
      const beside = tasks.get(besideOf(place));
      expect(task.inSet).toBe(beside?.inSet);
      if (task.kind === "decline") {
        expect(task.tools.map(({ name }) => name)).not.toContain("find_train");
        expect([task.table, task.firstMessage]).toEqual([beside?.table, beside?.firstMessage]);
        return "decline";
      }
      return task.heldBack.length > 0 ? "ask" : "told";
    });
    expect(kinds.toSorted()).toEqual(["ask", "ask", "ask", "ask", "decline", "decline", "told", "told"]);
  });

  test("are replaced by another task where nothing is held back", async () => {
    using run = runWith(twelve.map((task) => ({ ...task, heldBack: [] })));
    const { tasks, metrics } = await run.draw(run.opened({ ...noEvaluation, tasks: { twins: true } }), step(1, 8));
    expect(metrics).toEqual({ "tasks/written": 8, "tasks/missing": 0 });
    expect([...tasks.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test("are not needed for declines", async () => {
    using run = runWith();
    const { tasks } = await run.draw(run.opened(), step(1, 8, { declineShare: 0.25 }));
    expect([...tasks.values()].filter(({ kind }) => kind === "decline")).toHaveLength(2);
    expect(new Set(inSet(tasks)).size).toBe(8);
  });
});

describe("personas that are held out", () => {
  const evaluation = { tasks: 3, decisions: 7, heldOut: 0.5 };

  test("are in no step and in no demonstration, and report or choose, never both, whatever the seed", async () => {
    const seen: unknown[] = [];
    for (const seed of [1, 2]) {
      using run = runWith();
      const source = run.opened({ evaluation, seed });
      const heldOut = await source.heldOut();
      const trained = new Set([
        ...inSet((await run.draw(source, demonstrations(12))).tasks),
        ...inSet((await run.draw(source, step(1, 12))).tasks),
      ]);
      const [reporting, choosing] = [new Set(inSet(heldOut.evaluation)), new Set(inSet(heldOut.selection))];
      expect([trained.size, reporting.size, choosing.size]).toEqual([6, 3, 3]);
      expect([...reporting, ...choosing].filter((one) => trained.has(one))).toEqual([]);
      expect([...reporting].filter((one) => choosing.has(one))).toEqual([]);
      seen.push([reporting, choosing]);
      expect(await source.heldOut()).toEqual(heldOut);
    }
    expect(seen[0]).toEqual(seen[1]);
  });

  test("choose by the task as it is, told, and without its tools", async () => {
    using run = runWith();
    const { selection } = await run.opened({ evaluation }).heldOut();
    const kinds = [...selection.values()].map(({ kind, heldBack }) =>
      kind === "decline" ? kind : heldBack.length > 0 ? "ask" : "told",
    );
    expect(kinds).toEqual(["ask", "told", "decline", "ask", "told", "decline", "ask"]);
  });

  test("stay as the set has them under the ablations, which change what is trained on", async () => {
    using run = runWith(twelve.map((_, n) => temptingTask(n)));
    const source = run.opened({ evaluation, tasks: { gap: false, restricted: false } });
    const [trained] = (await run.draw(source, step(1, 1))).tasks.values();
    expect(trained).toMatchObject({ heldBack: [] });
    expect(trained?.restriction).toBeUndefined();
    expect(trained?.firstMessage).toMatch(/^Which train goes from Oslo to \w+\? On 2027-03-02\.$/);
    expect(trained?.report).toBe(setTask(0).report);
    expect(trained?.systemPrompt).not.toContain(tempting.text);
    const [reporting] = (await source.heldOut()).evaluation.values();
    expect(reporting).toMatchObject({ restriction: tempting, heldBack: [{ argument: "day" }] });
    expect(reporting?.systemPrompt).toContain(tempting.text);
  });

  test("cannot become others while a run goes on: a set that has grown is refused", async () => {
    using run = runWith();
    await run.opened({ evaluation }).heldOut();
    storeSet(
      run.store,
      "more",
      Array.from({ length: 40 }, (_, n) => setTask(n + 20)),
    );
    const rename = run.store.database.prepare("UPDATE task_set SET name = ? WHERE name = ?");
    rename.run("old", "trips");
    rename.run("trips", "more");
    await expect(run.opened({ evaluation }).heldOut()).rejects.toThrow(/^The task set trips has changed .* Start a new run\.$/);
  });
});

describe("a set that cannot be trained on is refused with what to do", () => {
  const opened = (tasks: readonly Task[], config: ConfigInput = {}, name = "trips") => {
    using run = runWith(tasks);
    checkTrainingSet(run.store, configSchema.parse({ ...config, tasks: { source: name } }), name);
  };
  const { table: _, ...simulated } = setTask(0);
  const nothing = { forbidden: [], subGoals: [], questions: [] };

  test("unknown or empty", () => {
    expect(() => opened(twelve, {}, "tripps")).toThrow(
      /^There is no task set named tripps\. Known task sets, latest first: trips\.$/,
    );
    expect(() => opened([])).toThrow(/^The task set trips has no task yet\. Make some with: npx playact synth trips/);
  });

  test("executed tools without a table", () => {
    expect(() => opened([simulated], { simulator: { tools: "executed" } })).toThrow(/the tools of trains-p0 are not assembled/);
    expect(() => opened([simulated])).not.toThrow();
    expect(() => checkConfig({ simulator: { tools: "executed" } })).toThrow(/also set tasks\.source/);
  });

  test("a restriction on a tool that is not offered", () => {
    const task = { ...temptingTask(0), tools: [] };
    expect(() => opened([task])).toThrow(/trains-p0 restricts the use of book_seats, which it does not offer/);
    expect(() => opened([{ ...temptingTask(0), tools: [bookSeats] }])).not.toThrow();
  });

  test("a rubric without items", () => {
    expect(() => opened([setTask(0, { rubric: nothing })])).toThrow(/the rubric of trains-p0 has no item/);
    expect(() => opened([setTask(0, { rubric: { ...nothing, subGoals: [{ text: "book", rule: null }] } })])).not.toThrow();
  });

  test("a user who knows more than a chosen one can say", () => {
    const known = [setTask(0, { background: "Nora lives in Oslo." })];
    expect(() => opened(known)).toThrow(/trains-p0 knows more than .* Set simulator\.user=written/);
    expect(() => opened(known, { simulator: { user: "written" } })).not.toThrow();
  });

  test("a rubric that reads a table, under written tools", () => {
    const record = { kind: "record", id: null, values: {}, state: null } as const;
    const rubric = { ...nothing, subGoals: [{ text: "booked", rule: record }] };
    expect(() => opened([setTask(0, { rubric })], { simulator: { tools: "written" } })).toThrow(/written tools have none/);
    expect(() => opened([setTask(0, { rubric })])).not.toThrow();
  });

  test("tasks longer than the policy's context, with the room that there is", () => {
    using run = runWith([...twelve, setTask(12, { firstMessage: "word ".repeat(3000) })]);
    expect(() => run.opened()).toThrow(
      /^1 of the 13 tasks of the set trips are longer than the policy's context: the longest prompt has \d+ tokens, and engine\.policyContext \(\d+\) less rollout\.responseTokens \(\d+\) leaves \d+\./,
    );
  });
});
