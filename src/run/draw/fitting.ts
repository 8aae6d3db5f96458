// Whether a task can be played in a run: by the rules for written tasks, in its policy's context, with results that the policy can read.
import type { Config } from "../../config/config.ts";
import { instructionsIn } from "../../llm/text/system-prompt.ts";
import type { TaskOrder } from "../../tasks/orders.ts";
import { type ReadyTask, readyToPlay } from "../../tasks/ready.ts";
import { promptTokens, type Rejection, rejectionOf } from "../../tasks/rejection.ts";
import type { Task, ToolSpec } from "../../types.ts";
import type { Session } from "../session.ts";

/** The ready task under an order; null if the run cannot play it. */
export function readyFor(session: Session, ready: ReadyTask, order: TaskOrder): Task | null {
  const task = readyToPlay(ready, order, session.toolsets.heldOut);
  return task !== null && fits(session, task) ? task : null;
}

/**
 * The task, without as many of the tools that are not needed as the policy's context has no room for, the last ones first; or why the
 * run cannot play it. One tool stays. With untrue pages all stay.
 */
export function cutToFit(
  session: Pick<Session, "config" | "template">,
  task: Task,
  isNeeded: (tool: ToolSpec) => boolean,
): Task | Rejection {
  const fault = misfitOf(session, task);
  if (fault === null) return task;
  const spare = task.world === undefined && task.tools.length > 1 ? task.tools.findLastIndex((tool) => !isNeeded(tool)) : -1;
  if (fault.stage !== "prompt_too_long" || spare < 0) return fault;
  return cutToFit(session, { ...task, tools: task.tools.toSpliced(spare, 1) }, isNeeded);
}

export function fits(session: Pick<Session, "config" | "template">, task: Task): boolean {
  return misfitOf(session, task) === null;
}

/** Why a run cannot play a task; null: it can. */
export function misfitOf({ config, template }: Pick<Session, "config" | "template">, task: Task): Rejection | null {
  const prompt = { tokens: promptTokens(task, template, instructionsIn(config)), room: promptRoom(config) };
  // elsewhere the world gives other results than the task's
  const isGiven = config.simulator.tools === "blueprint";
  return rejectionOf(task, { ...prompt, ...(isGiven ? { resultCharacters: config.rollout.toolChars } : {}) });
}

/** Most tokens of a prompt: the rest of the policy's context is the response's. */
export function promptRoom({ engine, rollout }: Config): number {
  return engine.policyContext - rollout.responseTokens;
}
