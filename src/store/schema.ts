// The tables of playact.db, with comments for readers with any SQLite tool. A .ts file because tsc does not copy .sql files.
// Queries should use the views (views.ts); tables may get more columns in later versions. Times are ISO 8601 UTC text; JSON
// columns have the shape of the TypeScript type of the same name (types.ts, config.ts). SQL of a released version never
// changes, not even its comments.

/** Version 1. Never edit a released version: add a migration (migrations.ts). */
export const tables = `
-- One training run: what was asked for, with which versions, and where it stands.
CREATE TABLE run (
  id         INTEGER PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
  preset     TEXT NOT NULL,
  config     TEXT NOT NULL CHECK (json_valid(config)),    -- the resolved config, every default spelt out
  versions   TEXT NOT NULL CHECK (json_valid(versions)),  -- of Playact, node, engine: those it was made with (see start)
  status     TEXT NOT NULL CHECK (status IN ('running', 'finished', 'interrupted', 'failed')),
  note       TEXT,                                        -- why it failed or was interrupted
  created_at TEXT NOT NULL,
  ended_at   TEXT                                         -- NULL while running
) STRICT;

-- The one writer a run may have. Every write of a run checks the token in its own transaction (fencing).
CREATE TABLE lease (
  run           INTEGER PRIMARY KEY REFERENCES run (id),
  token         TEXT NOT NULL,
  pid           INTEGER NOT NULL,
  host          TEXT NOT NULL,
  process_start TEXT,           -- boot id and start tick of the pid (Linux), so that a reused pid is no holder; else NULL
  heartbeat_at  TEXT NOT NULL
) STRICT;

-- One policy version to the next. Step 0 is the warm-up. A row without closed_at is open; a run has at most one.
CREATE TABLE step (
  run                 INTEGER NOT NULL REFERENCES run (id),
  number              INTEGER NOT NULL CHECK (number >= 0),
  level               INTEGER NOT NULL,
  policy_version      INTEGER NOT NULL,
  next_level          INTEGER,          -- set when the step is closed, as the next two
  next_policy_version INTEGER,
  opened_at           TEXT NOT NULL,
  closed_at           TEXT CHECK (closed_at IS NULL OR (next_level IS NOT NULL AND next_policy_version IS NOT NULL)),
  PRIMARY KEY (run, number)
) STRICT;
CREATE UNIQUE INDEX one_open_step ON step (run) WHERE closed_at IS NULL;

-- What is asked of the policy. Evaluation tasks belong to no step row (they run before the first and after the last), so
-- step is no foreign key; training tasks and demonstrations are only written while their step is open.
CREATE TABLE task (
  id       INTEGER PRIMARY KEY,
  run      INTEGER NOT NULL REFERENCES run (id),
  step     INTEGER NOT NULL,
  purpose  TEXT NOT NULL CHECK (purpose IN ('train', 'demonstration', 'evaluation')),
  position INTEGER NOT NULL CHECK (position >= 0),         -- index within step and purpose
  name     TEXT NOT NULL,                                  -- Task.id
  kind     TEXT NOT NULL CHECK (kind IN ('plain', 'ask', 'chain', 'ask+chain', 'decline')),
  domain   TEXT NOT NULL,
  toolset  TEXT NOT NULL,
  level    INTEGER NOT NULL,
  body     TEXT NOT NULL CHECK (json_valid(body)),         -- the whole Task
  UNIQUE (run, step, purpose, position)
) STRICT;

-- A finished episode. One for each task, phase and sample: a second one is refused.
CREATE TABLE trajectory (
  id             INTEGER PRIMARY KEY,
  task           INTEGER NOT NULL REFERENCES task (id),
  phase          TEXT NOT NULL DEFAULT '',                 -- of an evaluation: base, warmup, step 4; else empty
  sample         INTEGER NOT NULL CHECK (sample >= 0),     -- index within the group
  policy_version INTEGER NOT NULL,
  seed           INTEGER NOT NULL,
  status         TEXT NOT NULL CHECK (status IN ('terminated', 'truncated', 'aborted')),
  stop_reason    TEXT NOT NULL,
  reward         REAL,                                     -- the verdict: all NULL where nobody judged
  rules          REAL,
  judge          REAL,
  reason         TEXT,
  seconds        REAL NOT NULL,
  ended_at       TEXT NOT NULL,
  UNIQUE (task, phase, sample)
) STRICT;

-- One message with exactly the tokens that it added to the sequence the policy saw.
CREATE TABLE message (
  trajectory  INTEGER NOT NULL REFERENCES trajectory (id),
  position    INTEGER NOT NULL CHECK (position >= 0),
  role        TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant', 'tool')),
  sample      INTEGER NOT NULL CHECK (sample >= 0),        -- the training sample it belongs to
  trained     INTEGER NOT NULL CHECK (trained IN (0, 1)),  -- 1: its ids are loss tokens
  text        TEXT NOT NULL,
  ids         BLOB NOT NULL CHECK (length(ids) % 4 = 0),   -- token ids, u32 little-endian
  logprobs    BLOB CHECK (logprobs IS NULL OR length(logprobs) = length(ids)), -- behaviour log-probs, f32 little-endian
  turn_reward REAL,                                        -- NULL: nobody judged the turn
  advantage   REAL,                                        -- NULL: never assigned
  calls       TEXT NOT NULL CHECK (json_valid(calls)),
  PRIMARY KEY (trajectory, position)
) STRICT;

-- Numbers of a step under the names of design and docs (reward, kl, rollout/aborted ...).
CREATE TABLE metric (
  run   INTEGER NOT NULL,
  step  INTEGER NOT NULL,
  name  TEXT NOT NULL,
  value REAL,                                              -- NULL: not a finite number
  PRIMARY KEY (run, step, name),
  FOREIGN KEY (run, step) REFERENCES step (run, number)
) STRICT, WITHOUT ROWID;

-- A saved learner state. A folder without its row here, or whose files do not match, does not count.
CREATE TABLE checkpoint (
  run          INTEGER NOT NULL,
  step         INTEGER NOT NULL,
  folder       TEXT NOT NULL,                              -- relative to the folder of this database, or absolute
  adapter_hash TEXT NOT NULL,
  files        TEXT NOT NULL CHECK (json_valid(files)),    -- file name -> sha256
  created_at   TEXT NOT NULL,
  PRIMARY KEY (run, step),
  FOREIGN KEY (run, step) REFERENCES step (run, number)
) STRICT;

-- What went wrong and was survived: aborted episodes (with their trajectory) and everything else that was counted.
CREATE TABLE failure (
  id         INTEGER PRIMARY KEY,
  run        INTEGER NOT NULL REFERENCES run (id),
  step       INTEGER NOT NULL,
  boundary   TEXT NOT NULL,
  code       TEXT NOT NULL,
  text       TEXT NOT NULL,
  task       TEXT,                                         -- Task.id, where one was concerned
  sample     INTEGER,
  trajectory INTEGER UNIQUE REFERENCES trajectory (id),    -- the episode that it aborted
  at         TEXT NOT NULL
) STRICT;
CREATE INDEX failure_of_step ON failure (run, step);
`;

/** Version 2: SHA-256 (hex) of a trajectory's ids (u32 little-endian, in order), computed when it was saved. NULL in older rows. */
export const digests = `
ALTER TABLE trajectory ADD COLUMN ids_sha256 TEXT CHECK (ids_sha256 IS NULL OR length(ids_sha256) = 64);
`;

/** Version 3: nats between the task's anchors, if the judge scored them; at 0 or less rules decided alone. NULL otherwise. */
export const margins = `
ALTER TABLE trajectory ADD COLUMN margin REAL;
`;

/** Version 4: the round of drafts that a task came from, and the embedding of its first message (novelty). */
export const embeddings = `
-- Round of drafts that gave the task, from 1; NULL: it is older than this column, or a twin of another task.
ALTER TABLE task ADD COLUMN round INTEGER CHECK (round IS NULL OR round > 0);

-- Only where the config compares tasks (tasks.novelty).
CREATE TABLE task_embedding (
  task    INTEGER PRIMARY KEY REFERENCES task (id),
  vector  BLOB NOT NULL CHECK (length(vector) > 0 AND length(vector) % 4 = 0), -- f32 little-endian, of length 1
  closest REAL                                            -- highest cosine to the tasks before it; NULL: there was none
) STRICT;
`;

/** Version 5: the party at fault for a bad ending (NULL for a good one and in older rows), and the counts of the episode. */
export const blames = `
ALTER TABLE trajectory ADD COLUMN blame_party TEXT
  CHECK (blame_party IS NULL OR blame_party IN ('agent', 'user', 'tool', 'verifier', 'task', 'engine'));
ALTER TABLE trajectory ADD COLUMN blame_code TEXT CHECK ((blame_code IS NULL) = (blame_party IS NULL));
ALTER TABLE trajectory ADD COLUMN blame_reason TEXT CHECK ((blame_reason IS NULL) = (blame_party IS NULL));
-- name -> number: refused/KIND, and the simulator's retries, contradictions and tokens by role; zeros are left out
ALTER TABLE trajectory ADD COLUMN counts TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(counts));
`;

/** Version 6: a task's limit of user turns (counting the first message) becomes a limit of replies (not counting it). */
export const replies = `
UPDATE task SET body = json_remove(
  json_set(body, '$.limits.userReplies', max(0, json_extract(body, '$.limits.userTurns') - 1)), '$.limits.userTurns')
WHERE json_extract(body, '$.limits.userTurns') IS NOT NULL;
`;

/** Version 7: devices and versions of each start of a run, and the simulator usage of its evaluations. */
export const starts = `
-- Every start of a run: the first, and each resume, which may be with other versions or on another machine.
CREATE TABLE start (
  id                   INTEGER PRIMARY KEY,
  run                  INTEGER NOT NULL REFERENCES run (id),
  at                   TEXT NOT NULL,
  versions             TEXT NOT NULL CHECK (json_valid(versions)), -- of Playact, node and the engine's packages
  torch                TEXT NOT NULL,                              -- with its build: 2.13.0+cpu
  engine               TEXT NOT NULL,                              -- where it computes: cpu, metal, cuda (CARDS)
  policy_dtype         TEXT NOT NULL,                              -- of the engine's weights: Q4_K_M ...
  policy_gpu_layers    INTEGER NOT NULL,
  policy_layers        INTEGER NOT NULL,
  simulator_dtype      TEXT NOT NULL,
  simulator_gpu_layers INTEGER NOT NULL,
  simulator_layers     INTEGER NOT NULL,
  learner              TEXT NOT NULL,                              -- where it trains: cpu, mps, cuda:0 (CARD)
  learner_dtype        TEXT NOT NULL                               -- of its frozen weights: float32 or bfloat16
) STRICT;
CREATE INDEX start_of_run ON start (run);

-- Numbers of an evaluation by phase (base, warmup, step 4) under the names of a step's; phase tasks: the writing of its tasks.
CREATE TABLE evaluation_metric (
  run   INTEGER NOT NULL REFERENCES run (id),
  phase TEXT NOT NULL,
  name  TEXT NOT NULL,
  value REAL,                                              -- NULL: not a finite number
  PRIMARY KEY (run, phase, name)
) STRICT, WITHOUT ROWID;
`;

/** Version 13: the server that played the simulator, with the model as it names it; NULL: it was in process. */
export const servers = `
ALTER TABLE start ADD COLUMN simulator_server TEXT;
`;

/** Each key that the first stores did not have, with the value that keeps a run's behaviour. */
const added: readonly (readonly [key: string, value: string])[] = [
  ["engine.mode", '"fast"'],
  ["learner.memory", "null"],
  ["learner.processes", "1"],
  ["learner.lossType", '"grpo"'],
  ["learner.dualClip", "3"],
  ["learner.normalize", "null"],
  ["learner.importanceMode", '"token_truncate"'],
  ["learner.gapAlarm", "0.05"],
  ["advantage.returns", '"outcome"'],
  ["advantage.gamma", "0.99"],
  ["curriculum.every", "1"],
  ["curriculum.fixed", "[]"],
  ["rollout.temperatureControl", '{"on":false,"entropyTarget":0.1,"step":0.01,"afterSteps":20,"lowest":0.1,"highest":1}'],
  ["simulator", "{}"],
  ["simulator.user", '"chosen"'],
  ["simulator.tools", '"blueprint"'],
  ["simulator.withhold", "[]"],
  ["simulator.maxCriteria", "null"],
  ["simulator.thinkTokens", "0"],
  ["tasks.direction", '"calls-first"'],
  ["tasks.distractors", '"random"'],
  ["tasks.novelty", "null"],
  ["tasks.skipBadTools", "false"],
];

/** Removed keys, each with the condition under which removing it changes nothing. */
const removed: readonly (readonly [key: string, harmless: string])[] = [
  ["reward.overlongBuffer", "config ->> '$.reward.overlongBuffer' = 0"],
  ["learner.lrSchedulerType", "config ->> '$.learner.lrSchedulerType' = 'constant'"],
  ["learner.warmupSteps", "config ->> '$.learner.warmupSteps' = 0"],
  ["learner.optim", "config ->> '$.learner.optim' = 'adamw_torch'"],
  ["learner.klEstimator", "config ->> '$.learner.klEstimator' = 'k3'"],
  ["learner.entropyCoef", "config ->> '$.learner.entropyCoef' = 0"],
  // dead groups stay in the update only with a KL term
  ["learner.deadGroups", "config ->> '$.learner.deadGroups' = iif(config ->> '$.learner.klCoef' > 0, 'keep', 'drop')"],
];

/**
 * Version 8: stored configs are complete. Missing keys are added with the value that means "as before", so that no default of a
 * later version ever fills them. Removed keys are dropped if that changes nothing; otherwise they stay, and the run can be read
 * but not resumed. Without a key of its own, a turn of the policy had five times the deadline of a reply.
 */
export const configs = `
UPDATE run SET config = json_insert(config, ${added.map(([key, value]) => `'$.${key}', json('${value}')`).join(",\n  ")},
  '$.rollout.turnSeconds', 5 * (config ->> '$.rollout.deadlineSeconds'));
${removed.map(([key, harmless]) => `UPDATE run SET config = json_remove(config, '$.${key}') WHERE ${harmless};`).join("\n")}
`;
