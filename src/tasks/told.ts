// Turns a task that holds values back into one that tells them at once: the sentences with which its user would have answered
// follow the first message. A policy learns from the pair when to ask: the two differ in what was said alone. Pure.
import type { Task } from "../types.ts";

/**
 * `task` with nothing held back.
 * @throws RangeError for a task that holds nothing back
 */
export function toldOf(task: Task): Task {
  if (task.heldBack.length === 0) throw new RangeError(`task ${task.id} holds nothing back: there is nothing to tell`);
  const firstMessage = [task.firstMessage, ...task.heldBack.map(({ sentence }) => sentence)].join(" ");
  return { ...task, id: `${task.id}-told`, firstMessage, heldBack: [] };
}
