// Many episodes side by side: tasks x samples, in the order of the tasks so that a group's shared prompt is computed once.
// Each trajectory is handed to `keep` (and committed there) the moment it ends; those of an interrupted step are taken over.
import { mapConcurrent } from "../concurrent.ts";
import { type Court, judge } from "../reward/judge.ts";
import type { Group, Task, Trajectory } from "../types.ts";
import { rollOut, type Scene } from "./rollout.ts";

export interface Rollouts {
  /** Tasks by index; holes are tasks that could not be written. */
  readonly tasks: ReadonlyMap<number, Task>;
  readonly groupSize: number;
  /** Seed names of the series; task index and sample are added. */
  readonly names: readonly (string | number)[];
  /** Trajectories of the same policy version that were finished before. */
  readonly done: readonly { readonly taskIndex: number; readonly trajectory: Trajectory }[];
  /** Episodes at a time. */
  readonly concurrency: number;
  readonly keep: (taskIndex: number, trajectory: Trajectory) => Promise<void>;
  /** Asked before each episode: true lets those in flight finish and starts no more. */
  readonly stopping: () => boolean;
}

/** Rolls out what is missing and returns whole groups, or null when it was stopped before all were finished. */
export async function rollOutGroups(
  rollouts: Rollouts,
  scene: Scene,
  court: Court,
): Promise<readonly (Group & { readonly index: number })[] | null> {
  const doneOf = (index: number) => rollouts.done.filter((row) => row.taskIndex === index).map((row) => row.trajectory);
  const groups = [...rollouts.tasks].map(([index, task]) => ({ index, task, trajectories: doneOf(index) }));
  const missing = groups.flatMap((group) => {
    const present = new Set(group.trajectories.map((trajectory) => trajectory.sample));
    return Array.from({ length: rollouts.groupSize }, (_, sample) => ({ group, sample })).filter(
      ({ sample }) => !present.has(sample),
    );
  });
  const whole = await mapConcurrent(
    missing,
    rollouts.concurrency,
    async ({ group, sample }) => {
      const episode = await rollOut(group.task, sample, [...rollouts.names, group.index, sample], scene);
      const trajectory = await judge(episode, court);
      await rollouts.keep(group.index, trajectory);
      group.trajectories.push(trajectory);
    },
    rollouts.stopping,
  );
  if (!whole) return null;
  for (const group of groups) group.trajectories.sort((a, b) => a.sample - b.sample);
  return groups;
}
