// The models and tools of a run as they were at its creation: their hashes, by which a resume knows them again, and the doubt about
// its simulator.
import type { RunRow } from "./run-row.ts";
import type { Store } from "./store.ts";

export interface RunModels {
  /** SHA-256 of its file; null in runs of older versions. */
  readonly policy: string | null;
  readonly simulator: string | null;
  /** Of the user's own tools as they were read; null: the catalogue's, or a run of an older version. */
  readonly tools: string | null;
  /** Why the simulator may be too small for what the config asks of it; null: no doubt. */
  readonly doubt: string | null;
}

export function modelsOfRun(store: Store, run: Pick<RunRow, "id">): RunModels {
  const row = store.database
    .prepare<[number], RunModels>(
      `SELECT policy_sha256 AS policy, simulator_sha256 AS simulator, tools_sha256 AS tools, simulator_doubt AS doubt
       FROM run WHERE id = ?`,
    )
    .get(run.id);
  return row ?? { policy: null, simulator: null, tools: null, doubt: null };
}
