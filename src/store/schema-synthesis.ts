// The changes of store version 17: task sets, what the tools of a task have answered, items of a rubric. Rules for editing as in
// schema.ts.

export const synthesis = `
-- A set of tasks made by playact synth, or imported.
CREATE TABLE task_set (
  id         INTEGER PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,
  config     TEXT NOT NULL CHECK (json_valid(config)),     -- resolved; that of the first synth
  created_at TEXT NOT NULL
) STRICT;

-- What one persona of a set came to, stage by stage; a stage is stored as soon as it is done.
CREATE TABLE synthesis (
  task_set   INTEGER NOT NULL REFERENCES task_set (id),
  position   INTEGER NOT NULL CHECK (position >= 0),       -- of the persona in the set
  stage      TEXT NOT NULL,                                -- persona, toolset, task, check, solutions, rubric, kept
  body       TEXT CHECK (body IS NULL OR json_valid(body)), -- what the stage made; of kept: the whole Task; NULL: dropped
  dropped    TEXT,                                         -- code of the reason: wrong_form, distractor_serves ...; NULL: it went on
  reason     TEXT,                                         -- the same in words
  seconds    REAL NOT NULL,
  tokens_in  INTEGER NOT NULL,
  tokens_out INTEGER NOT NULL,
  at         TEXT NOT NULL,
  PRIMARY KEY (task_set, position, stage),
  CHECK ((body IS NULL) = (dropped IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- What the tools of a task have answered, for simulator.memory: the same call in the same state has one answer.
CREATE TABLE answer (
  run    INTEGER NOT NULL REFERENCES run (id),
  world  TEXT NOT NULL,                                    -- of the tasks that share it: the same tools, wanted for the same
  call   TEXT NOT NULL,                                    -- canonical form of the call
  state  TEXT NOT NULL CHECK (json_valid(state)),          -- the changing calls before it, in canonical form
  task   TEXT NOT NULL,                                    -- Task.id of the episode that asked first
  body   TEXT NOT NULL CHECK (json_valid(body)),           -- the answer
  at     TEXT NOT NULL,
  PRIMARY KEY (run, world, call, state)
) STRICT, WITHOUT ROWID;

-- The items of a rubric and what came of them.
CREATE TABLE verdict_item (
  trajectory INTEGER NOT NULL REFERENCES trajectory (id),
  position   INTEGER NOT NULL CHECK (position >= 0),
  section    TEXT NOT NULL CHECK (section IN ('forbidden', 'subGoals', 'questions')),
  text       TEXT NOT NULL,
  met        INTEGER NOT NULL CHECK (met IN (0, 1)),
  by         TEXT NOT NULL CHECK (by IN ('rule', 'model')),
  PRIMARY KEY (trajectory, position)
) STRICT, WITHOUT ROWID;

-- Configs are complete: new keys get the value that means "as before".
UPDATE run SET config = json_insert(config, '$.models.teacher', NULL, '$.tasks.source', NULL, '$.tasks.gap', json('true'),
  '$.tasks.restricted', json('true'), '$.simulator.memory', json('false'), '$.rollout.ends', 'user',
  '$.synth', json('{"tools":"assembled","solutions":4,"coverage":0.5,"tempted":0.5}'),
  '$.reward.items', 'rules', '$.reward.weights', json('{"subGoals":0.5,"questions":0.5}'), '$.reward.leastGoals', 0,
  '$.reward.gate', 'any');
`;
