// Reads from the store what a run showed: steps, held-out tasks by phase, benchmark rows by policy.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { root, SetupError } from "../setup/step.mjs";
import { byKey } from "./by-key.mjs";

/**
 * @typedef {{ step: number, level: number, reward: number | null, success: number | null, seconds: number | null }} Step
 * A held-out task: whether each phase ("base", "step 4") had it right, and its reward; where it reports also a digest that it has in
 * every run that plays it (in results of before only those in cells). Of a task in cells or of a set also its cell (of
 * evaluation.perCell: true, or the kind of drift; of a task set: set), and what else was measured, by phase. In cells: solved, harm
 * (0 or 1) and trials (turns). In a set: shares of the sub-goals that were reached (goals) and of the held-back values that were asked for (asked), and whether nothing forbidden was done (kept). Of a decoy pair also
 * which of the two is right (place: 1 or 2).
 * @typedef {{ purpose: "evaluation" | "selection", task: string, kind: string, right: Record<string, number>, reward: Record<string, number>,
 *   cell?: string, same?: string, place?: number, measures?: Record<string, Record<string, number>> }} TaskLine
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
    const args = [
      join(root, "dist", "cli.js"),
      "sql",
      sql,
      "--json",
      "--timeout",
      "120",
      "--limit",
      "10000000",
      ...(home ? ["--home", home] : []),
    ];
    try {
      return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8", maxBuffer: 2 ** 28 }));
    } catch {
      throw new SetupError("The store could not be asked, for the reason above.", { code: 1 }); // its stderr is ours
    }
  };
  const [row] = ask(
    `select id, name as run, preset, dialect, created_at as started, ended_at as ended, versions, config from run where name = ${quoted}`,
  );
  if (row === undefined)
    throw new SetupError(`There is no run ${run}. Give the name of one that playact runs lists, and its --home.`, { code: 2 });
  const { id, versions, config: text, ...head } = row;
  const config = JSON.parse(text.replaceAll(`${root}/`, "")); // files of this project without the place where it lies
  const { tasks: firstPlace = 0, perCell = 0 } = config.evaluation;
  const steps = ask(
    `select step.number as step, step.level,
       (select value from metric where run = ${id} and step = step.number and name = 'reward') as reward,
       (select value from metric where run = ${id} and step = step.number and name = 'rollout/success') as success,
       (select value from metric where run = ${id} and step = step.number and name = 'step_time') as seconds
     from step where step.run = ${id} order by step.number`,
  );
  const episodes = ask(
    `select task.purpose, task.name as task, task.kind, trajectory.phase, trajectory.rules = 1 as right, trajectory.reward,
       iif(task.purpose = 'evaluation' and ${Number(perCell)} > 0 and task.position >= ${Number(firstPlace)},
         coalesce(task.drift ->> '$.kind', 'true'), iif(task.purpose = 'evaluation' and task.body ->> '$.inSet' is not null, 'set', null)) as cell,
       iif(task.drift ->> '$.kind' = 'decoy', iif(task.drift ->> '$.tool' like '%1', 1, 2), null) as place,
       solved, harm, trials,
       (select avg(met) from verdict_item where trajectory = trajectory.id and section = 'subGoals') as goals,
       (select avg(met) from verdict_item where trajectory = trajectory.id and section = 'questions') as asked,
       (select min(met) from verdict_item where trajectory = trajectory.id and section = 'forbidden') as kept
     from trajectory join task on task.id = trajectory.task left join tried on tried.id = trajectory.id
     where task.run = ${id} and task.purpose in ('evaluation', 'selection') and trajectory.reward is not null
     order by task.purpose, task.position, trajectory.phase`,
  );
  // what decides whether two runs played the same task: its words, its right calls, its tools and what is not true of their pages
  const said = ask(
    `select name, json_array(body ->> '$.firstMessage', body -> '$.expected', drift,
       (select json_group_array(value ->> '$.name') from json_each(body, '$.tools'))) as text
     from task where run = ${id} and purpose = 'evaluation'`,
  );
  /** @type {Map<string, string>} */
  const digests = new Map(
    said.map((/** @type {{ name: string, text: string }} */ one) => [
      one.name,
      createHash("sha256").update(one.text).digest("hex").slice(0, 12),
    ]),
  );
  const rows = ask(
    `select category, position, case when adapter is null then 'base' else 'step ' || step end as policy, correct, version, at,
       coalesce(adapter, '') || ' ' || dialect || ' ' || template as form
     from benchmark where (run = ${id} or (adapter is null and exists (
       select 1 from run where id = ${id}
       and (model = config ->> '$.models.policy' or model like '%@' || substr(policy_sha256, 1, 12))))) -- a name, or a file by its hash
     order by category, position, step, at`,
  );
  // of what a policy played in two forms or under two versions the newest counts, in all rows alike
  /** @type {Map<string, any>} */
  const newest = new Map();
  for (const one of rows) if (!(newest.get(one.policy)?.at > one.at)) newest.set(one.policy, one);
  const last = [...newest.values()].toSorted((one, other) => (one.at < other.at ? -1 : 1)).at(-1);
  return {
    ...head,
    versions: JSON.parse(versions),
    config,
    steps,
    tasks: grouped(
      episodes,
      ({ purpose, task }) => `${purpose} ${task}`,
      (first, all) => ({
        ...{ purpose: first.purpose, task: first.task, kind: first.kind },
        right: Object.fromEntries(all.map(({ phase, right }) => [phase, right])),
        reward: Object.fromEntries(all.map(({ phase, reward }) => [phase, Number(Number(reward).toFixed(4))])),
        ...sameOf(first.task, digests),
        ...(first.cell === null ? {} : cellLine(first, all)),
      }),
    ),
    benchmark: grouped(
      rows.filter((/** @type {any} */ { policy, version, form }) => version === last.version && form === newest.get(policy).form), // scores of two versions are never compared
      ({ category, position }) => `${category} ${position}`,
      (first, all) => ({
        ...{ category: first.category, position: first.position },
        right: Object.fromEntries(all.map(({ policy, correct }) => [policy, correct])),
      }),
    ),
  };
}

/** The digest of a task that reports; tasks that choose have none. @param {string} task @param {ReadonlyMap<string, string>} digests */
function sameOf(task, digests) {
  const same = digests.get(task);
  return same === undefined ? {} : { same };
}

/** What a line has of a task in a cell. @param {any} first @param {any[]} all */
function cellLine(first, all) {
  const by = (/** @type {string} */ name) =>
    Object.fromEntries(all.flatMap((one) => (one[name] === null ? [] : [[one.phase, one[name]]])));
  const names = first.cell === "set" ? ["goals", "asked", "kept"] : ["solved", "harm", "trials"];
  const place = first.place === null ? {} : { place: first.place };
  return { cell: first.cell, ...place, measures: Object.fromEntries(names.map((name) => [name, by(name)])) };
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
