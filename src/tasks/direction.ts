// Which way a task is written: the one place where the two directions of the config part.
import type { Config } from "../config.ts";
import type { ChatModel } from "../llm/llm.ts";
import type { Patience } from "../simulator/ask.ts";
import type { Task, Toolset } from "../types.ts";
import { writeIntentTask } from "./write-intent.ts";
import { type TaskOrder, type WrittenTask, writeTask } from "./write-task.ts";

/** Tries `attempts` drafts of one task; `fits` is asked whether the policy's prompt has room for it. */
export type TaskWriter = (
  order: TaskOrder,
  toolsets: readonly Toolset[],
  simulator: ChatModel,
  attempts: number,
  patience: Patience,
  signal?: AbortSignal,
  fits?: (task: Task) => boolean,
) => Promise<WrittenTask>;

const writers: Readonly<Record<Config["tasks"]["direction"], TaskWriter>> = {
  "calls-first": writeTask,
  "intent-first": writeIntentTask,
};

export function writeTaskOf(direction: Config["tasks"]["direction"]): TaskWriter {
  return writers[direction];
}
