// Prints the tables of a run as Markdown, for docs/results.md: steps, held-out scores, groups, the sampler-learner gap.
//   node scripts/results.mjs [RUN] [--home DIR]
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./setup/step.mjs";

const { values, positionals } = parseArgs({ options: { home: { type: "string" } }, allowPositionals: true });
const home = values.home === undefined ? [] : ["--home", values.home];
const run = (positionals[0] ?? "laptop-1").replaceAll("'", "''");

/** @returns {Record<string, string | number | null>[]} */
function ask(/** @type {string} */ sql) {
  const args = [join(root, "dist", "cli.js"), "sql", sql, "--json", "--timeout", "60", ...home];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

function table(/** @type {string} */ title, /** @type {string} */ sql) {
  const rows = ask(sql);
  const names = Object.keys(rows[0] ?? {});
  const cell = (/** @type {string | number | null | undefined} */ value) =>
    typeof value === "number" && !Number.isInteger(value) ? value.toFixed(3) : String(value ?? "");
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(" | ")} |`;
  const lines = [line(names), line(names.map(() => "---")), ...rows.map((row) => line(names.map((name) => cell(row[name]))))];
  process.stdout.write(`\n${title}\n\n${lines.join("\n")}\n`);
}

const of = `run = '${run}'`;
table(
  "Steps (`step_summary`):",
  `select step, level, reward_mean, reward_std, trajectories, aborted, policy_version, round(seconds) as seconds from step_summary where ${of}`,
);
table(
  "Held-out tasks, greedy, judged by rules (`evaluation_summary`):",
  `select phase, kind, tasks, success, reward_mean from evaluation_summary where ${of}
   order by kind, case phase when 'base' then 0 when 'warmup' then 1 else 2 end, phase`,
);
table(
  "Training tasks by kind (`success_by_kind`):",
  `select kind, count(*) as steps, sum(trajectories) as trajectories, avg(success) as success, avg(reward_mean) as reward_mean
   from success_by_kind where ${of} group by kind`,
);
table(
  "Groups whose outcomes by rule differ (`group_summary`):",
  `select count(*) as groups, sum(rules_differ) as rules_differ from group_summary where ${of}`,
);
table(
  "Sampler against learner on the trained tokens (`metric`):",
  `select metric.step, max(case when metric.name = 'sampling/sampling_logp_difference/mean' then metric.value end) as mean,
     max(case when metric.name = 'sampling/sampling_logp_difference/max' then metric.value end) as max,
     max(case when metric.name = 'sampling/ratio_out_of_band' then metric.value end) as out_of_band,
     max(case when metric.name = 'adapter/probe_gap' then metric.value end) as probe_gap, max(case when metric.name = 'learner/peak_mb' then metric.value end) as peak_mb
   from metric join run on run.id = metric.run where run.name = '${run}' group by metric.step`,
);
