// The changes of store versions 18 and 20: tools that are not what their pages say, the phases of an episode, and views that keep the
// cells of an evaluation apart. Rules for editing as in schema.ts.

/** Version 18. */
export const trials = `
ALTER TABLE task ADD COLUMN drift TEXT CHECK (drift IS NULL OR json_valid(drift)); -- how its tools differ from their pages; NULL: they do not
ALTER TABLE message ADD COLUMN phase TEXT CHECK (phase IN ('trial', 'execution')); -- NULL: the episode has no trials

-- Configs are complete: new keys get the value that means "as before".
UPDATE run SET config = json_insert(config, '$.trial', json('{"turns":0,"phase":true,"notes":true,"world":"scratch","price":0.02}'),
  '$.tasks.drift', 0, '$.tasks.driftKinds', json('["renamed","options","decoy"]'), '$.warmup.from', 'blueprint', '$.warmup.tries', 4,
  '$.evaluation.perCell', 0, '$.evaluation.heldOutKinds', json('[]'));
`;

/** Version 20: views alone, which every change makes anew. held_out names the cell of a task; evaluation_summary leaves cells out. */
export const cells = "";
