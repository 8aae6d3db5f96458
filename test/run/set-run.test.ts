// A whole run on the doubles whose tasks come from a set: what it trains on, what it holds out, and what a resume repeats.
import { expect, test } from "vitest";
import { configSchema } from "../../src/config/config.ts";
import { type Temporary, temporaryStore } from "../store/temporary.ts";
import { setTask, storeSet } from "../support/task-set.ts";
import { dyingAt, Killed, life, newRun, outcome, wholeConfig } from "../support/whole-run.ts";

const tasks = { ...wholeConfig.tasks, source: "trips", twins: true, decline: 0.25, perStep: 4 };
const { evaluation } = configSchema.parse({ evaluation: { tasks: 2, decisions: 3, heldOut: 0.4, every: 1 } });
// a set's tasks have no level: the rule of the curriculum would move it after every step
const curriculum = { ...wholeConfig.curriculum, start: 10, step: 3, raiseAt: -1 };
const ten = Array.from({ length: 10 }, (_, n) => setTask(n));

function started(temporary: Temporary) {
  storeSet(temporary.store, "trips", ten);
  return newRun(temporary, { tasks, evaluation, curriculum });
}

const rows = ({ store }: Temporary, sql: string) => store.database.prepare<[], unknown[]>(sql).raw().all();

test("a run trains, warms up and is evaluated on the tasks of a set, at one level, and asks nobody to write any", async () => {
  using temporary = temporaryStore();
  const run = started(temporary);
  await life(temporary, run, { token: "one" });
  const bySource =
    "SELECT purpose, step, count(*), count(DISTINCT body ->> '$.inSet') FROM task GROUP BY purpose, step ORDER BY 1, 2";
  expect(rows(temporary, bySource)).toEqual([
    ["demonstration", 0, 2, 1],
    ["evaluation", 0, 2, 2],
    ["selection", 0, 3, 1],
    ["train", 1, 4, 2],
    ["train", 2, 4, 2],
  ]);
  expect(rows(temporary, "SELECT number, level, next_level FROM step ORDER BY number")).toEqual([
    [0, 10, 10],
    [1, 10, 10],
    [2, 10, 10],
  ]);
  const shared = `SELECT count(*) FROM task AS one JOIN task AS other ON one.body ->> '$.inSet' = other.body ->> '$.inSet'
    WHERE one.purpose IN ('train', 'demonstration') AND other.purpose IN ('evaluation', 'selection')`;
  expect(rows(temporary, shared)).toEqual([[0]]);
  expect(rows(temporary, "SELECT count(*) FROM exchange WHERE role = 'task'")).toEqual([[0]]);
  expect(rows(temporary, "SELECT count(DISTINCT name), count(*) FROM task WHERE purpose = 'train'")).toEqual([[8, 8]]);
  expect(rows(temporary, "SELECT count(*) > 0 FROM trajectory WHERE status = 'terminated'")).toEqual([[1]]);
});

test("a run that was killed while it drew its tasks is the same run", async () => {
  using whole = temporaryStore();
  const run = started(whole);
  const { moment, seen } = dyingAt(Number.POSITIVE_INFINITY);
  await life(whole, run, { token: "whole", moment });
  const expected = outcome(whole, run);
  for (let n = 1; n < seen.length; n += 43) {
    using temporary = temporaryStore();
    const died = started(temporary);
    await expect(life(temporary, died, { token: "first", moment: dyingAt(n).moment })).rejects.toThrow(Killed);
    await life(temporary, died, { token: "second" });
    const { tasks: drawn, steps, messages } = outcome(temporary, died);
    expect({ drawn, steps, messages }, `moment ${n}`).toEqual({
      drawn: expected.tasks,
      steps: expected.steps,
      messages: expected.messages,
    });
  }
});
