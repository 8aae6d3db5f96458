// Many episodes side by side: tasks x samples, in the order of the tasks so that a group's shared prompt is computed once.
// Each trajectory is handed to `keep` (and committed there) the moment it ends; those of an interrupted step are taken over.
import { mapConcurrent } from "../concurrent.ts";
import type { StoredGroup, Task, Trajectory } from "../types.ts";

export interface Rollouts {
  /** Tasks by index; holes are tasks that could not be written. */
  readonly tasks: ReadonlyMap<number, Task>;
  readonly groupSize: number;
  /** Trajectories of the same policy version that were finished before. */
  readonly done: readonly { readonly id: number; readonly taskIndex: number; readonly trajectory: Trajectory }[];
  /** Episodes at a time. */
  readonly concurrency: number;
  /** Plays one episode to its verdict. What it throws ends the step; Stopped lets the episodes in flight finish first. */
  readonly play: (task: Task, index: number, sample: number) => Promise<Trajectory>;
  /** Stores a trajectory and returns its row id. */
  readonly keep: (taskIndex: number, trajectory: Trajectory) => Promise<number>;
}

/** Plays what is missing and returns whole groups, their members by sample. */
export async function rollOutGroups({ tasks, groupSize, done, concurrency, play, keep }: Rollouts): Promise<StoredGroup[]> {
  const members = new Map([...tasks.keys()].map((index) => [index, new Map<number, { id: number; trajectory: Trajectory }>()]));
  for (const { id, taskIndex, trajectory } of done) members.get(taskIndex)?.set(trajectory.sample, { id, trajectory });
  const missing = [...tasks].flatMap(([index, task]) =>
    Array.from({ length: groupSize }, (_, sample) => ({ index, task, sample })).filter(
      ({ sample }) => !members.get(index)?.has(sample),
    ),
  );
  await mapConcurrent(missing, concurrency, async ({ index, task, sample }) => {
    const trajectory = await play(task, index, sample);
    members.get(index)?.set(sample, { id: await keep(index, trajectory), trajectory });
  });
  return [...tasks].map(([index, task]) => {
    const bySample = [...(members.get(index) ?? [])].sort(([a], [b]) => a - b).map(([, member]) => member);
    return { index, task, trajectories: bySample.map(({ trajectory }) => trajectory), ids: bySample.map(({ id }) => id) };
  });
}
