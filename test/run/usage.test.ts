// Simulator usage of evaluations and the warm-up, in a whole run on the doubles: every token is recorded once.
import { expect, test } from "vitest";
import { configSchema } from "../../src/config/config.ts";
import { usageMetrics } from "../../src/run/metrics.ts";
import { newUsage } from "../../src/simulator/usage.ts";
import { metricsOf } from "../../src/store/steps.ts";
import { exampleTrajectory, temporaryStore } from "../store/temporary.ts";
import { dyingAt, life, newRun, outcome } from "../support/whole-run.ts";

// a user whom the simulator writes, so that each turn of theirs asks it
const { difficulty, simulator, evaluation } = configSchema.parse({
  difficulty: { minTurns: 3 },
  simulator: { user: "written" },
  evaluation: { tasks: 3, decisions: 0 },
});

test("each evaluation, its tasks and the warm-up have the same simulator usage as their episodes and steps", async () => {
  using temporary = temporaryStore();
  const { store } = temporary;
  const run = newRun(temporary, { difficulty, simulator, evaluation });
  const usage = newUsage();
  await life(temporary, run, { token: "one", usage });
  const rows = (sql: string) => store.database.prepare<[], [string, string, number]>(sql).raw().all();
  const evaluations = rows("SELECT phase, name, value FROM evaluation_metric");
  const of = (phase: string) =>
    Object.fromEntries(evaluations.filter((row) => row[0] === phase).map(([, name, value]) => [name, value]));

  // phases: what count_summary adds up of their episodes, another way to the same rows
  const phases = ["base", "step 0", "step 2"];
  expect([...new Set(evaluations.map(([phase]) => phase))].sort()).toEqual([...phases, "tasks"].sort());
  const counts = rows("SELECT phase, name, total FROM count_summary WHERE purpose = 'evaluation'");
  expect(new Set(counts.map(([phase]) => phase)).size).toBe(phases.length);
  for (const phase of phases) {
    const counted = counts.filter((row) => row[0] === phase).map(([, name, total]) => [`simulator/${name}`, total]);
    expect(of(phase)).toMatchObject(Object.fromEntries(counted));
  }
  expect(of("tasks")).toMatchObject({ "tasks/written": 3, "tasks/missing": 0 });
  const warmup = metricsOf(store, run, 0);
  for (const writing of [of("tasks"), warmup]) expect(writing["simulator/tokens_out/task"]).toBeGreaterThan(0);

  // nothing is counted twice and nothing is left out
  const parts = [...phases, "tasks"].map(of).concat([0, 1, 2].map((step) => ({ ...metricsOf(store, run, step) })));
  for (const name of ["replies", "tokens_out/task", "tokens_in/user", "tokens_in/verifier"] as const)
    expect(
      parts.reduce((sum, part) => sum + (part[`simulator/${name}`] ?? 0), 0),
      name,
    ).toBe(usage[name]);
});

test("an evaluation that was interrupted between two episodes has the usage of both after a resume", async () => {
  using whole = temporaryStore();
  const run = newRun(whole, { difficulty, simulator, evaluation });
  const { moment, seen } = dyingAt(Number.POSITIVE_INFINITY);
  await life(whole, run, { token: "uninterrupted", moment });
  const expected = outcome(whole, run).evaluations;
  let cut = 0; // lives that ended with a part of the first evaluation in the store
  for (let n = 1; n <= seen.indexOf("before an update") && cut < 4; n++) {
    using temporary = temporaryStore();
    const died = newRun(temporary, { difficulty, simulator, evaluation });
    await life(temporary, died, { token: "first", moment: dyingAt(n).moment }).catch(() => undefined);
    const kept = temporary.store.database.prepare("SELECT count(*) FROM trajectory WHERE phase = 'base'").pluck().get();
    if (kept === 0 || kept === evaluation.tasks) continue;
    cut++;
    await life(temporary, died, { token: "second" });
    expect(outcome(temporary, died).evaluations, `moment ${n}`).toEqual(expected);
  }
  expect(cut).toBe(4);
});

test("the usage of episodes is the sum of their counts, with zeros for what was not used", () => {
  const one = exampleTrajectory({ counts: { replies: 2, "tokens_in/user": 7, "refused/invented_id": 1 } });
  const other = exampleTrajectory({ counts: { "tokens_in/user": 3 } });
  const metrics = usageMetrics([one, other]);
  expect(metrics).toMatchObject({ "simulator/replies": 2, "simulator/tokens_in/user": 10, "simulator/refused/invented_id": 1 });
  expect(metrics["simulator/tokens_in/tool"]).toBe(0);
});
