// The memory that the episodes of a run share (config simulator.memory): of its tasks' tools, for all groups, epochs and
// evaluations. It begins with what the teacher was answered when the task set was made, and with what the run has stored, so that a
// resume answers alike.
import type { Config } from "../config/config.ts";
import { type Memory, openMemory } from "../simulator/memory.ts";
import { answersOfSet, loadAnswers, saveAnswer } from "../store/answers.ts";
import { type Committing, commit } from "./commit.ts";
import type { Session } from "./session.ts";

/** Null: the config wants none. */
export function memoryOf(
  { simulator, tasks: { source } }: Pick<Config, "simulator" | "tasks">,
  run: Omit<Committing, "writer"> & Pick<Session, "writer">,
): Memory | null {
  if (!simulator.memory) return null;
  const { writer } = run;
  const solved = source === null ? [] : answersOfSet(writer.store, source);
  return openMemory([...solved, ...loadAnswers(writer.store, writer.run)], (entry) =>
    commit(run, () => saveAnswer(writer, entry)),
  );
}
