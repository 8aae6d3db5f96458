// What became of the personas of task sets, for people: `playact synth --list` and the report at the end of a synthesis.
import type { Store } from "./store.ts";
import type { TaskSet } from "./task-sets.ts";

/** How far a set is. */
export interface TaskSetState {
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly personas: number;
  readonly kept: number;
  readonly dropped: number;
}

/** All sets, latest first. */
export function taskSetStates(store: Store): readonly TaskSetState[] {
  return store.database
    .prepare<[], TaskSetState>(
      `SELECT name, created_at AS createdAt, coalesce(sum(stage = 'persona'), 0) AS personas,
              coalesce(sum(stage = 'kept' AND body IS NOT NULL), 0) AS kept, count(dropped) AS dropped
       FROM task_set LEFT JOIN synthesis ON task_set = id GROUP BY id ORDER BY id DESC`,
    )
    .all();
}

/** The rows of the view synthesis_summary for a set, in the order of the stages; `example`: a reason in words. */
export interface StageSummary {
  readonly stage: string;
  readonly dropped: string | null;
  readonly personas: number;
  readonly seconds: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly example: string | null;
}

export function stageSummaries(store: Store, { id, name }: TaskSet): readonly StageSummary[] {
  return store.database
    .prepare<[number, string], StageSummary>(
      `SELECT stage, dropped, personas, seconds, tokens_in AS tokensIn, tokens_out AS tokensOut,
              (SELECT min(reason) FROM synthesis AS one
               WHERE one.task_set = ? AND one.stage = summary.stage AND one.dropped = summary.dropped) AS example
       FROM synthesis_summary AS summary WHERE task_set = ? ORDER BY dropped IS NOT NULL, personas DESC`,
    )
    .all(id, name);
}
