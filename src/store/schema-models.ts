// The changes of store versions 12, 15, 19, 21 and 22: a run's model files and tools, health checks, planned memory, what it goes on
// from. Rules for editing as in schema.ts.

/** Version 12: the hashes of a run's models, the doubt about its simulator, and health checks. */
export const models = `
-- SHA-256 of the model files at the run's creation (of several files: of their hashes in hex); NULL: older than this column. A
-- resume with another file is refused.
ALTER TABLE run ADD COLUMN policy_sha256 TEXT CHECK (policy_sha256 IS NULL OR length(policy_sha256) = 64);
ALTER TABLE run ADD COLUMN simulator_sha256 TEXT CHECK (simulator_sha256 IS NULL OR length(simulator_sha256) = 64);
-- Why the simulator may be too small for what the config asks of it, as the start said; NULL: no doubt, or older.
ALTER TABLE run ADD COLUMN simulator_doubt TEXT;

-- A finished health check of a simulator (doctor --simulator).
CREATE TABLE health_check (
  id      INTEGER PRIMARY KEY,
  at      TEXT NOT NULL,
  playact TEXT NOT NULL,                                   -- version: its prompts and cases
  model   TEXT NOT NULL,                                   -- as it was named
  sha256  TEXT NOT NULL CHECK (length(sha256) = 64),       -- of its file
  checked TEXT NOT NULL CHECK (json_valid(checked)),       -- kinds that were examined: verdict/written, user/chosen ...
  trusted TEXT NOT NULL CHECK (json_valid(trusted))        -- those of them that it can be trusted with
) STRICT;
CREATE INDEX health_check_of_model ON health_check (sha256);
`;

/** Version 15: the memory that a run is planned for. Until then it took what was free. */
export const memory = `
UPDATE run SET config = json_insert(config, '$.memory', json('{"gpu":null,"host":null}'));
`;

/** Version 19: the hash of a run's own tools; whether the untouched policy plays whole tasks. */
export const pinnedTools = `
-- SHA-256 of the user's own tools at the run's creation, as they were read; NULL: the catalogue's, or older than this column. A resume
-- with others is refused.
ALTER TABLE run ADD COLUMN tools_sha256 TEXT CHECK (tools_sha256 IS NULL OR length(tools_sha256) = 64);

UPDATE run SET config = json_insert(config, '$.evaluation.base', json('true'));
`;

/** Version 21: the checkpoint of another run that a run goes on from. */
export const parents = `
UPDATE run SET config = json_insert(config, '$.policy.adapter', NULL);
-- A set made under the old default share of held-out personas is continued under the new one.
UPDATE task_set SET config = json_insert(config, '$.policy.adapter', NULL);
UPDATE task_set SET config = json_set(config, '$.evaluation.heldOut', NULL) WHERE config ->> '$.evaluation.heldOut' = 0.25;
`;

/** Version 22: views alone, which every change makes anew. The deviation of equal rewards is exactly 0. */
export const exactDeviations = "";
