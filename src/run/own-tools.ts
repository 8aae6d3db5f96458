// The user's own tools (config tasks.tools): of a file or folder, or those of a task set: "taskset:NAME". A run knows them again by
// their hash, and likewise the task set that it trains on (config tasks.source).
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { PlayactError } from "../errors.ts";
import { modelsOfRun } from "../store/run-models.ts";
import type { RunRow } from "../store/run-row.ts";
import type { Store } from "../store/store.ts";
import { findTaskSet, tasksOf } from "../store/task-sets.ts";
import { userTools } from "../tools/toolset.ts";
import { checkedTools, type ToolsOptions } from "../tools/user-tools.ts";
import type { Toolset } from "../types.ts";

const prefix = "taskset:";

/** The task set that `tools` names, or null: it is a path. */
export function taskSetNamed(tools: string): string | null {
  return tools.startsWith(prefix) ? tools.slice(prefix.length) : null;
}

/** As a config stores it: absolute, since another folder may be the current one later. */
export function storedAddress(tools: string): string {
  return taskSetNamed(tools) === null ? resolve(tools) : tools;
}

/**
 * The tools as a run reads them, after a command has checked them with llama.cpp's own parser and said which are left out; null: it
 * has the catalogue's. Throws likewise.
 */
export function runTools({ tools, skipBadTools }: Config["tasks"], store: Store | null): readonly Toolset[] | null {
  return tools === null ? null : ownTools(tools, store, skipBadTools ? { leftOut: () => undefined } : {});
}

/** SHA-256 of tools as they were read; null of none. */
export function toolsHash(toolsets: readonly Toolset[] | null): string | null {
  const read = toolsets?.map(({ domain, name, tools }) => ({ domain, name, tools }));
  return read === undefined ? null : createHash("sha256").update(JSON.stringify(read)).digest("hex");
}

/** SHA-256 of the tasks of a set, whose tools they have. */
export function taskSetHash(store: Store, name: string): string {
  const tasks = tasksOf(store, findTaskSet(store, name)).map(({ persona, task }) => ({ persona, task }));
  return createHash("sha256").update(JSON.stringify(tasks)).digest("hex");
}

/**
 * A run goes on with the tools, or the task set, that it was started with: other ones would move some that were held out into
 * training, and deal out the tasks of an epoch in another order.
 * @throws PlayactError("tools")
 */
export function assertSameTools(run: Pick<RunRow, "id" | "name" | "config">, store: Store): void {
  const { tools, source } = run.config.tasks;
  const was = modelsOfRun(store, run).tools;
  if (was === null || was === (source === null ? toolsHash(runTools(run.config.tasks, store)) : taskSetHash(store, source)))
    return;
  throw new PlayactError(
    "tools",
    source === null
      ? `The tools of run ${run.name} (${tools}) have changed since it was started. Put the old ones back, or start a new run.`
      : `The task set ${source} of run ${run.name} has changed since it was started. Start a new run with it.`,
  );
}

/**
 * Reads the tools; a task set's are in `store`.
 * @throws PlayactError("tools") for tools that cannot be played, PlayactError("usage") for a task set that is unknown or empty
 */
export function ownTools(tools: string, store: Store | null, options: ToolsOptions): Toolset[] {
  const name = taskSetNamed(tools);
  if (name === null) return userTools(tools, options);
  if (store === null) throw new PlayactError("usage", `${tools}: task sets are in a store, and none is open here.`);
  const tasks = tasksOf(store, findTaskSet(store, name));
  if (tasks.length === 0) throw new PlayactError("usage", `The task set ${name} has no tasks, and so no tools.`);
  const toolsets = tasks.map(({ task: { domain, toolset, tools: offered } }) => ({ domain, name: toolset, tools: offered }));
  return checkedTools(toolsets, tools, options);
}
