// Whether a task of the embedded catalogue that is written already can be played in a run: with its toolsets, in its policy's context.
import { instructionsIn } from "../llm/text/system-prompt.ts";
import type { TaskOrder } from "../tasks/orders.ts";
import { type ReadyTask, readyToPlay } from "../tasks/ready.ts";
import { promptTokens, rejectionOf } from "../tasks/rejection.ts";
import type { Task } from "../types.ts";
import { promptRoom } from "./draw-tasks.ts";
import type { Session } from "./session.ts";

/** The ready task under an order; null if the run cannot play it. */
export function readyFor(session: Session, ready: ReadyTask, order: TaskOrder): Task | null {
  const task = readyToPlay(ready, order, session.toolsets.heldOut);
  return task !== null && fits(session, task) ? task : null;
}

/** Whether the rules for written tasks take it, its prompt's length included. */
export function fits({ config, template }: Pick<Session, "config" | "template">, task: Task): boolean {
  return rejectionOf(task, { tokens: promptTokens(task, template, instructionsIn(config)), room: promptRoom(config) }) === null;
}
