// Spare tasks of a step: written while its groups are played, one at a time, for the time of groups that agreed on success. They
// are of the step's level, in places behind its planned tasks, in a series of their own, so that they take no task of a later
// step; what a spare task is depends on its number alone, not on which group made room for it, nor when.

import type { Config } from "../../config/config.ts";
import { seedFrom } from "../../rng.ts";
import { vectorsBefore, vectorsOf } from "../../store/embeddings.ts";
import { loadTasks, saveTask } from "../../store/tasks.ts";
import { remembered } from "../../tasks/novelty.ts";
import type { Task } from "../../types.ts";
import { commit } from "../commit.ts";
import type { Session } from "../session.ts";
import { heldOutMessages, recordUnwritten, writeTasks } from "./series.ts";

export interface SparePlace {
  readonly step: number;
  readonly level: number;
  /** Within the step, from 0; fewer than tasks.perStep. */
  readonly number: number;
}

/** Any number of a long series: the places of few spare tasks, counted by step, would fall on declines always or never. */
export function spareNumber({ seed }: Pick<Config, "seed">, { step, number }: Omit<SparePlace, "level">): number {
  return seedFrom(seed, "spare", step, number) % 1_000_000;
}

/** The spare task of a place: as stored, or written and stored now; null, with a failure row, if it could not be written. */
export async function drawSpare(
  session: Session,
  { step, level, number }: SparePlace,
): Promise<{ readonly index: number; readonly task: Task } | null> {
  const { config, writer } = session;
  const { store, run } = writer;
  const { perStep, decline } = config.tasks;
  const purpose = "train";
  const index = perStep + number;
  const before = loadTasks(store, run, step, purpose).get(index);
  if (before !== undefined) return { index, task: before };
  const first = spareNumber(config, { step, number });
  const series = {
    ...{ id: "spare", names: [config.seed, "task", "spare"], first, count: 1, level, declineShare: decline },
    ...{ epsilon: config.curriculum.epsilon, toolsets: session.toolsets.train, taken: heldOutMessages(session) },
  };
  const known = [...vectorsBefore(store, run, { step, purpose }, remembered), ...vectorsOf(store, run, { step, purpose })];
  const drawn: Task[] = [];
  const { rejected } = await writeTasks(session, series, { filled: new Set(), rounds: [], known }, async (_, task, origin) => {
    // the rounds and distances of a step's planned tasks are counted, also after a resume: a spare one is not among them
    const embedding = origin.embedding && { ...origin.embedding, closest: null };
    const uncounted = { ...origin, round: null, embedding };
    await commit(session, () => saveTask(writer, { step, purpose, index }, task, uncounted));
    drawn.push(task);
  });
  const [task] = drawn;
  if (task !== undefined) return { index, task };
  await recordUnwritten(session, { step, purpose, id: `spare-${first}` }, [...rejected.values()].flat());
  return null;
}
