// The changes of store versions 9 to 11, 14 and 15; rules for editing as in schema.ts.

/**
 * Version 9: kinds and purposes of tasks; who wrote an episode; the dialect of a run; benchmark rows; questions to the simulator.
 * The table task is made anew, because SQLite cannot change a CHECK.
 */
export const teaching = `
CREATE TABLE new_task (
  id       INTEGER PRIMARY KEY,
  run      INTEGER NOT NULL REFERENCES run (id),
  step     INTEGER NOT NULL,
  -- evaluation: held-out tasks that report, played whole; selection: those that choose a checkpoint, by their first turn
  purpose  TEXT NOT NULL CHECK (purpose IN ('train', 'demonstration', 'evaluation', 'selection')),
  position INTEGER NOT NULL CHECK (position >= 0),         -- index within step and purpose
  name     TEXT NOT NULL,                                  -- Task.id
  kind     TEXT NOT NULL CHECK (kind IN ('plain', 'ask', 'chain', 'ask+chain', 'parallel', 'decline')),
  domain   TEXT NOT NULL,
  toolset  TEXT NOT NULL,
  level    INTEGER NOT NULL,
  body     TEXT NOT NULL CHECK (json_valid(body)),         -- the whole Task
  -- Round of drafts that gave the task, from 1; NULL: it is older than this column, or a twin of another task.
  round    INTEGER CHECK (round IS NULL OR round > 0),
  UNIQUE (run, step, purpose, position)
) STRICT;
INSERT INTO new_task (id, run, step, purpose, position, name, kind, domain, toolset, level, body, round)
  SELECT id, run, step, purpose, position, name, kind, domain, toolset, level, body, round FROM task;
DROP TABLE task;
ALTER TABLE new_task RENAME TO task;

-- policy: sampled; blueprint: the right episode of the task, written by rule (demonstrations, guides of failed groups)
ALTER TABLE trajectory ADD COLUMN author TEXT NOT NULL DEFAULT 'policy';
UPDATE trajectory SET author = 'blueprint' WHERE task IN (SELECT id FROM task WHERE purpose = 'demonstration');

-- 1: played because others of its step came to what they did (second halves and spare tasks with rollout.stopAgreed), or a guide.
-- A mean over these too would be biased: how well a group does decides how many of them there are.
ALTER TABLE trajectory ADD COLUMN conditional INTEGER NOT NULL DEFAULT 0 CHECK (conditional IN (0, 1));

-- A phase of an evaluation is named by the step whose policy played; the one after the warm-up was called so.
UPDATE trajectory SET phase = 'step 0' WHERE phase = 'warmup';
UPDATE evaluation_metric SET phase = 'step 0' WHERE phase = 'warmup';

-- How the policy writes calls (policy.dialect, the manifest or the probe), and the tags of hermes: tokens or pieces; NULL until
-- the first start. A run keeps what it was trained in.
ALTER TABLE run ADD COLUMN dialect TEXT;
ALTER TABLE run ADD COLUMN markers TEXT;
UPDATE run SET dialect = 'hermes', markers = 'pieces';

-- One row of a public benchmark, played once by one policy. run and step are NULL for an untrained model.
CREATE TABLE benchmark (
  id         INTEGER PRIMARY KEY,
  suite      TEXT NOT NULL,                                -- bfcl
  version    TEXT NOT NULL,                                -- of the suite's package
  run        INTEGER REFERENCES run (id),
  step       INTEGER,
  model      TEXT NOT NULL,                                -- name of the model
  adapter    TEXT,                                         -- content hash of the adapter; NULL: the untrained model
  dialect    TEXT NOT NULL,
  template   TEXT NOT NULL,                                -- digest of the prompt's frame: scores of two templates are never mixed
  category   TEXT NOT NULL,                                -- simple_python ...
  position   INTEGER NOT NULL CHECK (position >= 0),       -- row within the category
  name       TEXT NOT NULL,                                -- id of the row: simple_python_17
  reply      TEXT NOT NULL,                                -- what the policy wrote, without its stop marker
  ended      TEXT NOT NULL,                                -- stop, length, context_full
  calls      TEXT NOT NULL CHECK (json_valid(calls)),      -- as the dialect's parser reads them
  correct    INTEGER NOT NULL CHECK (correct IN (0, 1)),   -- strict, by the suite's own checker
  error      TEXT,                                         -- kind of error; NULL where correct
  detail     TEXT,                                         -- the checker's words
  at         TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_benchmark_row ON benchmark (suite, version, model, ifnull(adapter, ''), dialect, template, category, position);

-- The messages of questions to the simulator. Prompts share their beginnings: a message knows the one before it.
CREATE TABLE prompt_message (
  hash    TEXT PRIMARY KEY CHECK (length(hash) = 64),      -- SHA-256 of before, role and content
  before  TEXT REFERENCES prompt_message (hash),           -- NULL: it is the first
  role    TEXT NOT NULL,
  content TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Questions to the simulator with their replies, as far as the config stores them (store.exchanges).
CREATE TABLE exchange (
  id         INTEGER PRIMARY KEY,
  run        INTEGER NOT NULL REFERENCES run (id),
  step       INTEGER NOT NULL,
  purpose    TEXT NOT NULL,                                -- of the task
  trajectory INTEGER REFERENCES trajectory (id),           -- the episode in which it was asked; NULL: a task was being written
  task       TEXT NOT NULL,                                -- Task.id, also of a draft that was rejected
  role       TEXT NOT NULL,                                -- task, user, tool, verifier
  attempt    INTEGER NOT NULL CHECK (attempt > 0),
  prompt     TEXT NOT NULL REFERENCES prompt_message (hash), -- the last message of the prompt
  reply      TEXT,                                         -- of given answers: their log-probs as JSON; NULL: none came
  problem    TEXT,                                         -- why the reply was refused or none came; NULL: it was taken
  tokens_in  INTEGER NOT NULL,
  tokens_out INTEGER NOT NULL,
  seconds    REAL NOT NULL,                                -- the wait for a free sequence included
  seed       INTEGER                                       -- NULL: nothing was sampled (log-probs of given answers)
) STRICT;
CREATE INDEX exchange_of_trajectory ON exchange (trajectory);
CREATE INDEX exchange_of_run ON exchange (run, step);

-- Configs are complete: new keys get the value that means "as before".
UPDATE run SET config = json_insert(config, '$.policy', json('{"dialect":null}'), '$.store', json('{"exchanges":"none"}'),
  '$.tasks.parallel', 0, '$.rollout.guide', 'off', '$.rollout.stopAgreed', json('false'), '$.reward.shuffled', json('false'),
  '$.learner.guideGamma', 0.1, '$.evaluation.decisions', 0, '$.evaluation.every', 1);
`;

/** Version 10: tokens of guides have the loss of sampled ones. A run with guides can be read, but not resumed. */
export const guides = `
UPDATE run SET config = json_remove(config, '$.learner.guideGamma') WHERE config ->> '$.rollout.guide' = 'off';
`;

/** Version 11: training tasks in pairs, a rate that falls, failures that are not pushed away from. */
export const pairs = `
UPDATE run SET config = json_insert(config, '$.tasks.twins', json('false'), '$.learner.schedule', 'constant',
  '$.advantage.negative', 1);
`;

/**
 * Version 14: thinking is asked for or not. Until then a policy that could think was never told not to, and a simulator thought
 * where it had tokens for it.
 */
export const thinking = `
UPDATE run SET config = json_insert(config, '$.policy.thinking', json('true'),
  '$.simulator.thinking', json(iif(config ->> '$.simulator.thinkTokens' > 0, 'true', 'false')));
`;

/** Version 16: engine and learner may take turns; until now both stayed in memory. */
export const residency = `
UPDATE run SET config = json_insert(config, '$.engine.residency', 'together');
`;
