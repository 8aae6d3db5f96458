// Reads from the store what a run showed: steps, held-out tasks by phase, benchmark rows by policy.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../setup/step.mjs";
import { byKey } from "./by-key.mjs";

/**
 * @typedef {{ step: number, level: number, reward: number | null, success: number | null, seconds: number | null }} Step
 * A held-out task: whether each phase ("base", "step 4") solved it, and its reward.
 * @typedef {{ purpose: "evaluation" | "selection", task: string, kind: string, right: Record<string, number>, reward: Record<string, number> }} TaskLine
 * A benchmark row: whether each policy ("base", "step 4") was right.
 * @typedef {{ category: string, position: number, right: Record<string, number> }} RowLine
 * @typedef {{ run: string, preset: string, dialect: string | null, started: string, ended: string | null, versions: unknown,
 *   config: unknown, processor: string, note: string, steps: Step[], tasks: TaskLine[], benchmark: RowLine[] }} Result
 */

/**
 * @param {string} run
 * @param {string | undefined} home
 * @returns {Promise<Omit<Result, "processor" | "note">>}
 */
export async function collect(run, home) {
  const quoted = `'${run.replaceAll("'", "''")}'`;
  const ask = (/** @type {string} */ sql) => {
    const args = [join(root, "dist", "cli.js"), "sql", sql, "--json", "--timeout", "120", ...(home ? ["--home", home] : [])];
    return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8", maxBuffer: 2 ** 28 }));
  };
  const [row] = ask(
    `select id, name as run, preset, dialect, created_at as started, ended_at as ended, versions, config from run where name = ${quoted}`,
  );
  if (row === undefined) throw new Error(`there is no run ${run}`);
  const { id, versions, config, ...head } = row;
  const steps = ask(
    `select step.number as step, step.level,
       (select value from metric where run = ${id} and step = step.number and name = 'reward') as reward,
       (select value from metric where run = ${id} and step = step.number and name = 'rollout/success') as success,
       (select value from metric where run = ${id} and step = step.number and name = 'step_time') as seconds
     from step where step.run = ${id} order by step.number`,
  );
  const episodes = ask(
    `select task.purpose, task.name as task, task.kind, trajectory.phase, trajectory.rules = 1 as right, trajectory.reward
     from trajectory join task on task.id = trajectory.task
     where task.run = ${id} and task.purpose in ('evaluation', 'selection') and trajectory.reward is not null
     order by task.purpose, task.position, trajectory.phase`,
  );
  const rows = ask(
    `select category, position, case when adapter is null then 'base' else 'step ' || step end as policy, correct
     from benchmark where run = ${id} or (adapter is null and model = (select config ->> '$.models.policy' from run where id = ${id}))
     order by category, position, step, at`, // of a model played in two forms the last one counts
  );
  return {
    ...head,
    versions: JSON.parse(versions),
    config: JSON.parse(config),
    steps,
    tasks: grouped(
      episodes,
      ({ purpose, task }) => `${purpose} ${task}`,
      (first, all) => ({
        ...{ purpose: first.purpose, task: first.task, kind: first.kind },
        right: Object.fromEntries(all.map(({ phase, right }) => [phase, right])),
        reward: Object.fromEntries(all.map(({ phase, reward }) => [phase, Number(Number(reward).toFixed(4))])),
      }),
    ),
    benchmark: grouped(
      rows,
      ({ category, position }) => `${category} ${position}`,
      (first, all) => ({
        ...{ category: first.category, position: first.position },
        right: Object.fromEntries(all.map(({ policy, correct }) => [policy, correct])),
      }),
    ),
  };
}

/**
 * @template T
 * @param {any[]} rows
 * @param {(row: any) => string} key
 * @param {(first: any, all: any[]) => T} line
 * @returns {T[]}
 */
function grouped(rows, key, line) {
  return [...byKey(rows, key).values()].map((all) => line(all[0], all));
}
