// The drift of the tasks of a run, as its config orders it (tasks/drift.ts).
import type { Config } from "../../config/config.ts";
import { trainedKinds } from "../../config/drift.ts";
import { PlayactError } from "../../errors.ts";
import { draws } from "../../rng.ts";
import { mayDrift, withDrift } from "../../tasks/drift.ts";
import type { TaskOrder } from "../../tasks/orders.ts";
import type { Task, Toolset } from "../../types.ts";

/** The task of an order, in a share of the tasks with an untrue page. What it is depends on the order's names alone. */
export function asDrifting(
  config: Config,
  task: Task,
  { names, toolsets }: Pick<TaskOrder, "names"> & { readonly toolsets: readonly Toolset[] },
): Task {
  const { drift: share } = config.tasks;
  if (share === 0) return task;
  return withDrift(task, { share, kinds: trainedKinds(config), toolsets, random: draws(...names, "drift") });
}

/**
 * @param where whose tools they are, for the message
 * @throws PlayactError("config") if drift is asked for, and no tool of these can have any
 */
export function checkDrift(config: Config, toolsets: readonly Toolset[], where: string): void {
  const kinds = trainedKinds(config);
  if (config.tasks.drift === 0 || mayDrift(toolsets, kinds)) return;
  const needs = {
    renamed: "a parameter that can get another name",
    options: "a parameter with a list of options",
    decoy: "a tool beside it that changes something and says what it returns",
  };
  throw new PlayactError(
    "config",
    `Config key "tasks.drift": no tool of ${where} can be other than its page: it needs ${kinds.map((kind) => `${needs[kind]} (${kind})`).join(", or ")}. Add such a tool, or set tasks.drift=0.`,
  );
}
