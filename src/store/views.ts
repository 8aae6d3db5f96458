// The views of playact.db: the public interface for `playact sql` and your own queries. Their columns are stable.
// Reward statistics leave out aborted episodes (the simulator's fault, not the policy's); the standard deviation is the
// sample's (n - 1), NULL for fewer than two, written out because SQLite has none.

/** Sample standard deviation of `value`, whose group mean is `mean`, in two passes; exactly 0 of equal values, whose mean may be another. */
const deviation = (value: string, mean: string) =>
  `iif(count(${value}) > 1 AND min(${value}) = max(${value}), 0.0, sqrt(sum((${value} - ${mean}) * (${value} - ${mean})) / nullif(count(${value}) - 1, 0)))`;

/** A bound of Wilson's 95 % interval of `right` of `of`; statistics/interval.ts has the same formula. */
const wilsonBound = (right: string, of: string, sign: "+" | "-") => {
  const z = 1.959963984540054;
  const share = `(1.0 * ${right} / ${of})`;
  return `(${share} + ${(z * z) / 2} / ${of} ${sign} ${z} * sqrt((${share} * (1 - ${share}) + ${(z * z) / 4} / ${of}) / ${of})) / (1 + ${z * z} / ${of})`;
};

/** Two columns: the bounds of Wilson's interval of the share of rows whose `column` is 1. */
const bounds = (column: string, name: string) =>
  `iif(sum(${column}) = 0, 0.0, ${wilsonBound(`sum(${column})`, "count(*)", "-")}) AS ${name}_low,
       iif(sum(${column}) = count(*), 1.0, ${wilsonBound(`sum(${column})`, "count(*)", "+")}) AS ${name}_high`;

export const views = `
-- Every trajectory with the names of its run and task; reward is NULL if it was aborted. drift: which page of the
-- task is not true (renamed, options, decoy); NULL: all are. The other views build on it.
CREATE VIEW episode AS
SELECT trajectory.id, run.name AS run, run.id AS run_id, task.step, task.purpose, trajectory.phase, task.position,
       task.name AS task, task.kind, trajectory.sample, trajectory.author, trajectory.conditional, trajectory.policy_version, trajectory.status,
       trajectory.stop_reason, trajectory.rules,
       CASE WHEN trajectory.status <> 'aborted' THEN trajectory.reward END AS reward,
       CASE WHEN trajectory.status <> 'aborted' AND trajectory.reward IS NOT NULL THEN trajectory.rules = 1 END AS success,
       task.drift ->> '$.kind' AS drift
FROM trajectory JOIN task ON task.id = trajectory.task JOIN run ON run.id = task.run;

-- One row per step. Step 0 is the warm-up (its demonstrations); evaluations are not counted.
-- Means are over the episodes that were played whatever others came to (conditional = 0); guides (author blueprint) are in nothing.
-- seconds: the metric step_time, or the time from opening to closing if there is none; NULL while the step is open.
CREATE VIEW step_summary AS
WITH trained AS (
  SELECT *, iif(conditional, NULL, reward) AS measured, avg(iif(conditional, NULL, reward)) OVER (PARTITION BY run_id, step) AS mean
  FROM episode WHERE purpose = 'demonstration' OR (purpose = 'train' AND author = 'policy')
), summed AS (
  SELECT run_id, step, max(mean) AS reward_mean, ${deviation("measured", "mean")} AS reward_std,
         count(*) AS trajectories, sum(status = 'aborted') AS aborted
  FROM trained GROUP BY run_id, step
)
SELECT run.name AS run, step.number AS step, step.level, summed.reward_mean, summed.reward_std,
       coalesce(summed.trajectories, 0) AS trajectories, coalesce(summed.aborted, 0) AS aborted, step.policy_version,
       coalesce(metric.value, (julianday(step.closed_at) - julianday(step.opened_at)) * 86400) AS seconds
FROM step JOIN run ON run.id = step.run
LEFT JOIN summed ON summed.run_id = step.run AND summed.step = step.number
LEFT JOIN metric ON metric.run = step.run AND metric.step = step.number AND metric.name = 'step_time';

-- One row per episode of training or warm-up, without guides (they are in the view episode, author blueprint). turns: the policy's; tokens: all that the policy read or wrote.
CREATE VIEW trajectory_summary AS
SELECT episode.id, episode.run, episode.step, episode.task, episode.sample, episode.policy_version, episode.status,
       episode.stop_reason, trajectory.reward, coalesce(sum(message.role = 'assistant'), 0) AS turns,
       coalesce(sum(length(message.ids)), 0) / 4 AS tokens,
       coalesce(sum(message.trained * length(message.ids)), 0) / 4 AS trained_tokens
FROM episode JOIN trajectory ON trajectory.id = episode.id LEFT JOIN message ON message.trajectory = episode.id
WHERE episode.purpose = 'demonstration' OR (episode.purpose = 'train' AND episode.author = 'policy') GROUP BY episode.id;

-- kind: plain, ask (a value is held back), chain (a call needs an earlier call's result), ask+chain, parallel, decline. drift: as in episode.
CREATE VIEW task_kinds AS
SELECT run.name AS run, task.step, task.name AS id, task.kind, task.purpose, task.domain, task.toolset, task.level,
       task.drift ->> '$.kind' AS drift
FROM task JOIN run ON run.id = task.run;

-- Judged training episodes by kind of task, those that were played whatever others came to. success: share of episodes in which every rule was met.
CREATE VIEW success_by_kind AS
SELECT run, step, kind, count(*) AS trajectories, avg(success) AS success, avg(reward) AS reward_mean
FROM episode WHERE purpose = 'train' AND author = 'policy' AND NOT conditional AND reward IS NOT NULL GROUP BY run_id, step, kind;

-- Every episode on a held-out task. purpose: evaluation (whole episodes, which report) or selection (first turns, which choose the
-- best checkpoint). step: the checkpoint that played; NULL for the base before a warm-up, 0 for the base if there was no warm-up.
-- cell: of a task in cells (evaluation.perCell), which stand behind those that report: true (all pages are), or the kind of drift.
CREATE VIEW held_out AS
WITH played AS (SELECT DISTINCT run_id FROM episode WHERE purpose = 'evaluation' AND phase = 'step 0'),
untouched AS (SELECT run FROM step WHERE number = 0 AND next_policy_version = 0 AND run NOT IN (SELECT run_id FROM played))
SELECT episode.id, run, run_id,
       CASE phase WHEN 'base' THEN iif(run_id IN (SELECT run FROM untouched), 0, NULL) ELSE CAST(substr(phase, 6) AS INTEGER) END AS step,
       purpose, phase, position, task, kind, rules, reward, success, drift,
       iif(purpose = 'evaluation' AND config ->> '$.evaluation.perCell' > 0 AND position >= config ->> '$.evaluation.tasks',
         coalesce(drift, 'true'), NULL) AS cell
FROM episode JOIN run AS own ON own.id = run_id WHERE purpose IN ('evaluation', 'selection');

-- Judged held-out episodes by step, purpose and kind of task; low and high: 95 % interval of success (Wilson). Without tasks in cells,
-- which play one plain task under several pages: they have the view evaluation_by_tools.
CREATE VIEW evaluation_summary AS
SELECT run, step, purpose, phase, kind, count(*) AS tasks, avg(success) AS success,
       iif(sum(success) = 0, 0.0, ${wilsonBound("sum(success)", "count(*)", "-")}) AS low,
       iif(sum(success) = count(*), 1.0, ${wilsonBound("sum(success)", "count(*)", "+")}) AS high, avg(reward) AS reward_mean
FROM held_out WHERE reward IS NOT NULL AND cell IS NULL GROUP BY run_id, purpose, phase, kind;

-- Shares of right first turns by step: on tasks that need a call, a decline, or a question; score: their mean, which chooses the best
-- checkpoint. Steps whose tasks are not all played have no row.
CREATE VIEW selection_summary AS
WITH share AS (
  SELECT run, run_id, step, count(*) AS tasks,
         avg(CASE WHEN kind NOT IN ('decline', 'ask', 'ask+chain') THEN success END) AS call,
         avg(CASE WHEN kind = 'decline' THEN success END) AS decline,
         avg(CASE WHEN kind IN ('ask', 'ask+chain') THEN success END) AS ask
  FROM held_out WHERE purpose = 'selection' AND step IS NOT NULL GROUP BY run_id, step
)
SELECT run, step, tasks, call, decline, ask,
       (coalesce(call, 0) + coalesce(decline, 0) + coalesce(ask, 0)) /
       nullif((call IS NOT NULL) + (decline IS NOT NULL) + (ask IS NOT NULL), 0) AS score
FROM share WHERE tasks = (SELECT count(*) FROM task WHERE task.run = run_id AND purpose = 'selection');

-- One row per training group. trajectories: judged ones; rules_differ: 1 if its samples differ by the rules.
CREATE VIEW group_summary AS
WITH judged AS (
  SELECT *, avg(reward) OVER (PARTITION BY run_id, step, position) AS mean
  FROM episode WHERE purpose = 'train' AND author = 'policy'
)
SELECT run, step, task, count(reward) AS trajectories, max(mean) AS reward_mean, ${deviation("reward", "mean")} AS reward_std,
       coalesce(min(CASE WHEN reward IS NOT NULL THEN rules END) < max(CASE WHEN reward IS NOT NULL THEN rules END), 0) AS rules_differ
FROM judged GROUP BY run_id, step, position;

-- Why episodes of training and warm-up ended.
CREATE VIEW stop_reasons AS
SELECT run, step, status, stop_reason, count(*) AS trajectories
FROM episode WHERE purpose = 'demonstration' OR (purpose = 'train' AND author = 'policy') GROUP BY run_id, step, status, stop_reason;

-- Who failed and how, aborted episodes included.
CREATE VIEW failures_by_boundary AS
SELECT run.name AS run, failure.step, failure.boundary, failure.code, count(*) AS failures
FROM failure JOIN run ON run.id = failure.run GROUP BY run.id, failure.step, failure.boundary, failure.code;

-- Bad endings (aborted, truncated, a negative reward or a rule not met) of the policy's episodes of every purpose, by the party at
-- fault. share: of all bad endings of the same run, step, purpose and phase.
CREATE VIEW blame_summary AS
SELECT run, step, purpose, episode.phase, blame_party AS party, blame_code AS code, count(*) AS trajectories,
       1.0 * count(*) / sum(count(*)) OVER (PARTITION BY run_id, step, purpose, episode.phase) AS share
FROM episode JOIN trajectory USING (id) WHERE blame_party IS NOT NULL AND episode.author = 'policy'
GROUP BY run_id, step, purpose, episode.phase, blame_party, blame_code;

-- Items of rubrics (reward.verdict=rubric) by step, purpose, phase, section and text, which is the same for tasks of a kind: of
-- questions, one for each value to ask for. items: how many judged episodes had it; met: the share that met it (of what is
-- forbidden: kept to it). Without guides, and of training those episodes that were played whatever others came to.
CREATE VIEW rubric_summary AS
SELECT run, step, purpose, phase, section, text, count(*) AS items, avg(met) AS met
FROM episode JOIN verdict_item ON verdict_item.trajectory = episode.id
WHERE author = 'policy' AND NOT conditional AND reward IS NOT NULL
GROUP BY run_id, step, purpose, phase, section, text;

-- Counts of the episodes of a step: calls refused by rule, trials, and the simulator's retries, contradictions and tokens.
CREATE VIEW count_summary AS
SELECT run, step, purpose, episode.phase, counted.key AS name, sum(counted.value) AS total
FROM episode JOIN trajectory USING (id), json_each(trajectory.counts) AS counted
GROUP BY run_id, step, purpose, episode.phase, counted.key;

-- Judged episodes whose trials were counted, one row each; trial_summary and evaluation_by_tools have their means.
CREATE VIEW tried AS
SELECT episode.*, counts ->> '$."trial/turns"' AS trials, counts ->> '$."trial/telling"' AS telling, counts ->> '$."trial/idle"' AS idle,
       counts ->> '$."trial/harm"' > 0 AS harm, counts ->> '$."trial/solved"' AS solved
FROM episode JOIN trajectory USING (id) WHERE episode.reward IS NOT NULL AND counts ->> '$."trial/turns"' IS NOT NULL;

-- Trials by step, purpose and phase: means over judged episodes whose trials were counted (reward/trials.ts). trials: turns that
-- tried; telling and idle: their calls by whether they told something; harm: share that changed what nobody wanted changed;
-- solved: share in which all was done that was wanted, without harm. Without guides, and of training those episodes that were
-- played whatever others came to.
CREATE VIEW trial_summary AS
SELECT run, step, purpose, phase, count(*) AS episodes, avg(trials) AS trials, avg(telling) AS telling, avg(idle) AS idle,
       avg(harm) AS harm, avg(solved) AS solved
FROM tried WHERE author = 'policy' AND NOT conditional
GROUP BY run_id, step, purpose, phase;

-- Held-out tasks in cells (evaluation.perCell), by the step that played them, with Wilson's 95 % intervals. cell: true (all pages
-- are), or the kind of drift; solved and harm as in trial_summary; success: every rule was met; trials: mean turns that tried.
CREATE VIEW evaluation_by_tools AS
SELECT held_out.run, held_out.step, held_out.phase, held_out.cell, count(*) AS tasks,
       avg(solved) AS solved, ${bounds("solved", "solved")},
       avg(held_out.success) AS success, ${bounds("held_out.success", "success")},
       avg(harm) AS harm, ${bounds("harm", "harm")},
       avg(trials) AS trials
FROM held_out JOIN tried USING (id) WHERE held_out.cell IS NOT NULL
GROUP BY held_out.run_id, held_out.phase, held_out.cell;

-- How often each rule fired, by step, purpose and phase. Writing of tasks: rejected/STAGE (drafts), plain_messages
-- (built by rule), retried/task; these are 0 if the rule was checked and never fired. Episodes: refused/KIND (calls),
-- contradictions, retried/ROLE (replies asked for again), blamed/PARTY/CODE (bad endings of the policy). failed/BOUNDARY/CODE: failures
-- outside episodes, with purpose NULL.
CREATE VIEW rules_fired AS
WITH fired AS (
  SELECT run, step, purpose, episode.phase, counted.key AS rule, counted.value AS times
  FROM episode JOIN trajectory USING (id), json_each(trajectory.counts) AS counted
  WHERE counted.key LIKE 'refused/%' OR counted.key LIKE 'retried/%' OR counted.key IN ('contradictions', 'repaired')
  UNION ALL
  SELECT run, step, purpose, episode.phase, 'blamed/' || blame_party || '/' || blame_code, 1
  FROM episode JOIN trajectory USING (id) WHERE blame_party IS NOT NULL AND episode.author = 'policy'
  UNION ALL
  SELECT run.name, written.step, written.purpose, written.phase, substr(written.name, instr(written.name, '/') + 1), value
  FROM (
    SELECT run, step, iif(step = 0, 'demonstration', 'train') AS purpose, '' AS phase, name, value FROM metric
    UNION ALL SELECT run, 0, iif(phase = 'selection tasks', 'selection', 'evaluation'), '', name, value
    FROM evaluation_metric WHERE phase IN ('tasks', 'cell tasks', 'selection tasks')
  ) AS written JOIN run ON run.id = written.run
  WHERE written.name LIKE 'tasks/rejected/%' OR written.name IN ('tasks/plain_messages', 'simulator/retried/task')
  UNION ALL
  SELECT run.name, step, NULL, '', 'failed/' || boundary || '/' || code, 1
  FROM failure JOIN run ON run.id = failure.run WHERE trajectory IS NULL
)
SELECT run, step, purpose, phase, rule, CAST(sum(times) AS INTEGER) AS times FROM fired GROUP BY run, step, purpose, phase, rule;

-- Every start of a run: time, versions and devices. A step ran under the last start before it.
CREATE VIEW start_summary AS
SELECT run.name AS run, start.at, start.versions ->> '$.playact' AS playact, start.torch, start.engine, start.policy_dtype,
       start.policy_gpu_layers, start.policy_layers, start.simulator_dtype, start.simulator_gpu_layers, start.simulator_layers,
       start.simulator_server, start.learner, start.learner_dtype
FROM start JOIN run ON run.id = start.run;

-- Scores of public benchmarks by policy and category, with Wilson's 95 % interval. run, step, adapter: NULL for an untrained
-- model. Only rows of the same suite, version, dialect and template can be compared, and then row by row (table benchmark).
CREATE VIEW benchmark_summary AS
WITH summed AS (
  SELECT run, step, model, adapter, dialect, category, count(*) AS rows, sum(correct) AS correct, suite, version, template
  FROM benchmark GROUP BY suite, version, model, adapter, dialect, template, category
)
SELECT run.name AS run, step, model, adapter, summed.dialect, category, rows, correct, 1.0 * correct / rows AS score,
       iif(correct = 0, 0.0, ${wilsonBound("correct", "rows", "-")}) AS low,
       iif(correct = rows, 1.0, ${wilsonBound("correct", "rows", "+")}) AS high,
       suite, summed.version, template
FROM summed LEFT JOIN run ON run.id = summed.run;

-- Every stored question to the simulator (store.exchanges), one row per try. phase: of the evaluation in which it was asked, ''
-- otherwise. trajectory: NULL while a task was written; task: also the draft of a task that was rejected. problem: NULL if the
-- reply was taken. prompt: all its messages as one text; it is put together only for queries that ask for it.
CREATE VIEW question AS
SELECT exchange.id, run.name AS run, exchange.step, exchange.purpose, coalesce(trajectory.phase, '') AS phase, exchange.task,
       exchange.trajectory, exchange.role, exchange.attempt, exchange.reply, exchange.problem, exchange.tokens_in,
       exchange.tokens_out, exchange.seconds, exchange.seed,
       (WITH RECURSIVE chain (before, text) AS (
          SELECT before, role || ': ' || content FROM prompt_message WHERE hash = exchange.prompt
          UNION ALL
          SELECT earlier.before, earlier.role || ': ' || earlier.content || char(10, 10) || chain.text
          FROM chain JOIN prompt_message AS earlier ON earlier.hash = chain.before
        ) SELECT text FROM chain WHERE before IS NULL) AS prompt
FROM exchange JOIN run ON run.id = exchange.run LEFT JOIN trajectory ON trajectory.id = exchange.trajectory;

-- What the personas of each task set came to, by stage. dropped: why the set goes on without them after this stage; NULL: they went
-- on, or were kept. seconds: of all together, and several are made at a time.
CREATE VIEW synthesis_summary AS
SELECT task_set.name AS task_set, stage, dropped, count(*) AS personas, sum(seconds) AS seconds, sum(tokens_in) AS tokens_in,
       sum(tokens_out) AS tokens_out
FROM synthesis JOIN task_set ON task_set.id = synthesis.task_set GROUP BY task_set.id, stage, dropped;

-- The conversation of an episode, message by message. advantage: NULL if none was assigned. phase: trial or execution, of turns and
-- results; NULL: the episode has no trials.
CREATE VIEW transcript AS
SELECT trajectory, position, role, text, turn_reward, advantage, phase FROM message;
`;
