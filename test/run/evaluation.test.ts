// Evaluations of whole runs on the doubles: which policies play which tasks, which checkpoints stay, and what a resume repeats.
import { appendFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { printSummary } from "../../src/cli/summary.ts";
import { configSchema } from "../../src/config/config.ts";
import type { ProgressEvent } from "../../src/run/session.ts";
import { checkpointFolder, listCheckpoints } from "../../src/store/checkpoints.ts";
import { acquireLease } from "../../src/store/lease.ts";
import { setRunConfig } from "../../src/store/runs.ts";
import { bestCheckpoint } from "../../src/store/selection.ts";
import { type Temporary, temporaryStore } from "../store/temporary.ts";
import { dyingAt, Killed, life, newRun } from "../support/whole-run.ts";

const { evaluation } = configSchema.parse({ evaluation: { tasks: 4, decisions: 7, every: 1 } });
const steps = 3;
// version 1 is the policy after the warm-up, version v that of step v - 1
const bestIsStep1 = (version: number) => version === 2;

const rows = ({ store }: Temporary, sql: string) => store.database.prepare<[], unknown[]>(sql).raw().all();

const played = (temporary: Temporary) =>
  rows(
    temporary,
    `SELECT purpose, phase, group_concat(DISTINCT episode.policy_version), count(*), group_concat(DISTINCT stop_reason = 'first_turn')
     FROM episode WHERE purpose IN ('evaluation', 'selection') GROUP BY purpose, phase ORDER BY purpose, phase`,
  );

test("whole episodes are played by base, step 0, the best and the last step; first turns every step, on other tasks", async () => {
  using temporary = temporaryStore();
  const run = newRun(temporary, { evaluation, steps });
  await life(temporary, run, { token: "one", decide: bestIsStep1 });
  expect(bestCheckpoint(temporary.store, run)?.step).toBe(1);
  expect(played(temporary)).toEqual([
    ["evaluation", "base", "0", 4, "0"],
    ["evaluation", "step 0", "1", 4, "0"],
    ["evaluation", "step 1", "2", 4, "0"],
    ["evaluation", "step 3", "4", 4, "0"],
    ["selection", "base", "0", 7, "1"],
    ["selection", "step 0", "1", 7, "1"],
    ["selection", "step 1", "2", 7, "1"],
    ["selection", "step 2", "3", 7, "1"],
    ["selection", "step 3", "4", 7, "1"],
  ]);
  const shared = `SELECT count(*) FROM task AS one JOIN task AS other ON one.body ->> '$.firstMessage' = other.body ->> '$.firstMessage'
    AND one.toolset = other.toolset WHERE one.purpose = 'evaluation' AND other.purpose = 'selection'`;
  expect(rows(temporary, shared)).toEqual([[0]]);
  expect(
    rows(temporary, "SELECT purpose, count(*) FROM task WHERE purpose IN ('evaluation', 'selection') GROUP BY purpose"),
  ).toEqual([
    ["evaluation", 4],
    ["selection", 7],
  ]);

  let printed = "";
  await printSummary({ store: temporary.store, run, token: "one" }, (text) => {
    printed += text;
  });
  expect(printed).toContain("Best step: 1 (the last is 3). Its adapter is the one to use.");
  expect(printed).toMatch(/Adapter for llama\.cpp: .*checkpoint-1\..*\.gguf/);
  expect(printed).toMatch(/kind +tasks +step 0 +best \(step 1\) +last \(step 3\) +gain, best \(step 1\) +gain, last \(step 3\)/);
});

test("a best checkpoint whose files have changed plays nothing, which is said", async () => {
  using temporary = temporaryStore();
  const run = newRun(temporary, { evaluation, steps });
  const told: string[] = [];
  const progress = (event: ProgressEvent) => {
    if (!("text" in event)) return;
    told.push(event.text);
    const best = listCheckpoints(temporary.store, run).find(({ step }) => step === 1);
    if (event.text.startsWith("first turns (step 3)") && best !== undefined)
      appendFileSync(join(checkpointFolder(temporary.store, best), "state.json"), " ");
  };
  await life(temporary, run, { token: "one", decide: bestIsStep1, progress });
  expect(told).toContainEqual(expect.stringMatching(/^the best checkpoint \(step 1\) is not evaluated: /));
  expect(played(temporary).map(([purpose, phase]) => `${purpose} ${phase}`)).not.toContain("evaluation step 1");
});

test("without a warm-up the untouched base is checkpoint 0 and is played whole once", async () => {
  using temporary = temporaryStore();
  const { warmup } = configSchema.parse({ warmup: { when: "never" } });
  const run = newRun(temporary, { evaluation, steps: 1, warmup });
  await life(temporary, run, { token: "one", decide: (version) => version === 0 });
  expect(played(temporary).map((row) => row.slice(0, 3))).toEqual([
    ["evaluation", "base", "0"],
    ["evaluation", "step 1", "1"],
    ["selection", "base", "0"],
    ["selection", "step 1", "1"],
  ]);
  const phases = "SELECT DISTINCT step, phase FROM evaluation_summary WHERE purpose = 'evaluation' ORDER BY step";
  expect(rows(temporary, phases)).toEqual([
    [0, "base"],
    [1, "step 1"],
  ]);
});

test("the untouched policy plays no whole episodes where none are asked of it, and first turns all the same", async () => {
  using temporary = temporaryStore();
  await life(temporary, newRun(temporary, { evaluation: { ...evaluation, base: false }, steps: 1 }), { token: "one" });
  expect(played(temporary).map(([purpose, phase]) => [purpose, phase])).toEqual([
    ["evaluation", "step 0"],
    ["evaluation", "step 1"],
    ["selection", "base"],
    ["selection", "step 0"],
    ["selection", "step 1"],
  ]);
});

test.each([
  [1, ["evaluation step 1", "selection base", "selection step 1"]],
  [0, ["evaluation base", "evaluation step 1", "selection base", "selection step 1"]],
])(
  "nor where it is the policy of step 0 for want of a warm-up, unless it is the best in the end (step %i)",
  async (best, phases) => {
    using temporary = temporaryStore();
    const { warmup } = configSchema.parse({ warmup: { when: "never" } });
    const run = newRun(temporary, { evaluation: { ...evaluation, base: false }, steps: 1, warmup });
    await life(temporary, run, { token: "one", decide: (version) => version === best });
    expect(played(temporary).map(([purpose, phase]) => `${purpose} ${phase}`)).toEqual(phases);
    let printed = "";
    await printSummary({ store: temporary.store, run, token: "one" }, (text) => {
      printed += text;
    });
    expect(printed).toContain("Held-out tasks that chose nothing");
  },
);

test("held-out tasks that could not be written are not added once others were played", async () => {
  using temporary = temporaryStore();
  const run = newRun(temporary, { evaluation, steps: 1 });
  await life(temporary, run, { token: "one" });
  const gone = "SELECT min(id) FROM task WHERE purpose = 'selection'";
  temporary.store.database.exec(
    `PRAGMA foreign_keys = OFF; DELETE FROM trajectory WHERE task = (${gone}); DELETE FROM task WHERE id = (${gone});`,
  );
  const longer = { ...run, config: { ...run.config, steps: 2 } };
  setRunConfig(acquireLease(temporary.store, run, { pid: process.pid, token: "two" }), longer.config);
  await life(temporary, longer, { token: "two" });
  expect(rows(temporary, "SELECT count(*) FROM task WHERE purpose = 'selection'")).toEqual([[6]]);
  // so that every step still has its score
  expect(rows(temporary, "SELECT step, tasks FROM selection_summary ORDER BY step")).toEqual([0, 1, 2].map((step) => [step, 6]));
});

test("a run that pays by rubrics is evaluated item by item too, and has the shares of each phase; first turns are as ever", async () => {
  using temporary = temporaryStore();
  const { reward, warmup } = configSchema.parse({ reward: { verdict: "rubric" }, warmup: { when: "never" } });
  await life(temporary, newRun(temporary, { evaluation, steps: 1, warmup, reward }), { token: "one" });
  expect(rows(temporary, "SELECT DISTINCT purpose, phase FROM rubric_summary WHERE purpose <> 'train' ORDER BY phase")).toEqual([
    ["evaluation", "base"],
    ["evaluation", "step 1"],
  ]);
  const shares = "SELECT phase, name, value >= 0 FROM evaluation_metric WHERE name = 'rubric/sub_goals' ORDER BY phase";
  expect(rows(temporary, shares)).toEqual([
    ["base", "rubric/sub_goals", 1],
    ["step 1", "rubric/sub_goals", 1],
  ]);
  expect(rows(temporary, "SELECT count(*) FROM metric WHERE name = 'rubric/sub_goals'")).toEqual([[1]]);
});

test("the checkpoints of step 0, the best and the last step stay when others are removed, also after a resume to more steps", async () => {
  using temporary = temporaryStore();
  const run = newRun(temporary, { evaluation, steps });
  await life(temporary, run, { token: "one", decide: bestIsStep1 });
  const kept = () =>
    listCheckpoints(temporary.store, run)
      .filter((checkpoint) => existsSync(checkpointFolder(temporary.store, checkpoint)))
      .map(({ step }) => step);
  expect(kept()).toEqual([3, 1, 0]);
  const longer = { ...run, config: { ...run.config, steps: 5 } };
  setRunConfig(acquireLease(temporary.store, run, { pid: process.pid, token: "two" }), longer.config);
  await life(temporary, longer, { token: "two", decide: bestIsStep1 });
  expect(kept()).toEqual([5, 1, 0]);
  expect(rows(temporary, "SELECT max(number) FROM step")).toEqual([[5]]);
});

test("an evaluation that was killed between any two episodes is completed: no task is played twice, and the outcome is the same", async () => {
  using whole = temporaryStore();
  const run = newRun(whole, { evaluation, steps: 1 });
  const { moment, seen } = dyingAt(Number.POSITIVE_INFINITY);
  // step 0 is the best, so the last evaluations are those of step 1
  const decide = (version: number) => version < 2;
  await life(whole, run, { token: "uninterrupted", moment, decide });
  const ids = "SELECT purpose, episode.phase, position, ids_sha256 FROM episode JOIN trajectory USING (id) ORDER BY 1, 2, 3, 4";
  const expected = rows(whole, ids);
  // the commits after the last swap: the step's end, 7 first turns, 4 episodes, and their metrics
  const last = seen.lastIndexOf("after a swap");
  for (let n = last + 1; n <= seen.length; n++) {
    using temporary = temporaryStore();
    const died = newRun(temporary, { evaluation, steps: 1 });
    await expect(life(temporary, died, { token: "first", moment: dyingAt(n).moment, decide })).rejects.toThrow(Killed);
    const before = rows(temporary, "SELECT id FROM trajectory");
    await life(temporary, died, { token: "second", decide });
    expect(rows(temporary, ids), `moment ${n}`).toEqual(expected);
    const now = rows(temporary, "SELECT id FROM trajectory").map(String);
    expect(before.map(String).filter((id) => !now.includes(id))).toEqual([]);
  }
});
