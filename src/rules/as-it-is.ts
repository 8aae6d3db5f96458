// The two views that keep what is shown and what was tried away from whoever answers or judges: the world and the judge take one
// of them where they begin, and nothing below them knows of drift or trials. Pure.
import type { Task, Trajectory } from "../types.ts";

/** The task with its tools as they are, for whoever answers or judges: what the pages say instead is for the policy alone. */
export function asItIs(task: Task): Task {
  const { world, ...rest } = task;
  return world === undefined ? task : { ...rest, tools: world };
}

/** What an episode is judged by: its execution alone, with the tools as they are. The verdict belongs to the whole trajectory. */
export function executionOf(trajectory: Trajectory): Trajectory {
  const messages = trajectory.messages.filter(({ phase }) => phase !== "trial");
  const isWhole = messages.length === trajectory.messages.length;
  return isWhole && trajectory.task.world === undefined ? trajectory : { ...trajectory, task: asItIs(trajectory.task), messages };
}
