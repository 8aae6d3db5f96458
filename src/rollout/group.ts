// Many concurrent episodes: tasks x samples, in the order of the tasks so that a group's shared prompt is computed once. Each
// trajectory is passed to `keep` (and committed there) as soon as it ends; those of an interrupted step are reused.
import { mapConcurrent } from "../concurrent.ts";
import type { StoredGroup, Task, Trajectory } from "../types.ts";

export interface Rollouts {
  /** Tasks by index; holes are tasks that could not be written. */
  readonly tasks: ReadonlyMap<number, Task>;
  readonly groupSize: number;
  /** Trajectories of the same policy version from before an interruption. */
  readonly done: readonly { readonly id: number; readonly taskIndex: number; readonly trajectory: Trajectory }[];
  /** Most episodes at the same time. */
  readonly concurrency: number;
  /** Plays one episode to its verdict. An exception ends the step; Stopped lets the episodes in progress finish first. */
  readonly play: (task: Task, index: number, sample: number) => Promise<Trajectory>;
  /** Stores a trajectory and returns its row id. */
  readonly keep: (taskIndex: number, trajectory: Trajectory) => Promise<number>;
}

/** Plays the missing episodes and returns complete groups, their members ordered by sample. */
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
