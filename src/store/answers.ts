// What the tools of a run's tasks have answered (simulator/memory.ts), stored before it is given, so that a resumed run answers
// alike. What they answered to the teacher is in the task set, beside its solutions.
import type { Remembered } from "../simulator/memory.ts";
import type { GivenAnswer } from "../simulator/tool-answer.ts";
import { type Writer, write } from "./lease.ts";
import type { RunRow } from "./run-row.ts";
import type { Store } from "./store.ts";

/** Stores one entry. Throws PlayactError("store") for a second answer to the same call in the same state. */
export function saveAnswer(writer: Writer, { world, call, state, task, answer }: Remembered): void {
  write(writer, (database) => {
    database
      .prepare("INSERT INTO answer (run, world, call, state, task, body, at) VALUES (?, ?, ?, ?, ?, ?, ?)")
      .run(...[writer.run.id, world, call, JSON.stringify(state), task], ...[JSON.stringify(answer), new Date().toISOString()]);
  });
}

export function loadAnswers(store: Store, run: Pick<RunRow, "id">): Remembered[] {
  const rows = store.database
    .prepare<[number], Record<"world" | "call" | "state" | "task" | "body", string>>(
      "SELECT world, call, state, task, body FROM answer WHERE run = ? ORDER BY world, at",
    )
    .all(run.id);
  // written by saveAnswer; the store's content is trusted
  return rows.map(({ state, body, ...row }) => ({
    ...row,
    state: JSON.parse(state) as string[],
    answer: JSON.parse(body) as GivenAnswer,
  }));
}

/** What the tools of a task set answered while its tasks were solved: `memory` of what the stage made. */
export function answersOfSet(store: Store, name: string): Remembered[] {
  const rows = store.database
    .prepare<[string], string>(
      `SELECT body ->> '$.memory' FROM synthesis JOIN task_set ON task_set.id = synthesis.task_set
       WHERE name = ? AND stage = 'solutions' AND body ->> '$.memory' IS NOT NULL ORDER BY position`,
    )
    .pluck()
    .all(name);
  return rows.flatMap((memory) => JSON.parse(memory) as Remembered[]); // written by synth from a memory's entries
}
