// Turns a task that holds values back into one that tells them at once: what its user would have answered follows the first
// message. A policy learns from the pair when to ask: the two differ in what was said alone. Pure.
import type { Task } from "../types.ts";
import { unrestricted, withoutEnd } from "./unrestricted.ts";

/** Whether the user knows something that the first message does not say. */
export function holdsBack({ heldBack, background }: Pick<Task, "heldBack" | "background">): boolean {
  return heldBack.length > 0 || background !== undefined;
}

/**
 * `task` with nothing held back, and so with nothing to ask first. A request that tempts stays the last sentence.
 * @throws RangeError for a task that holds nothing back
 */
export function toldOf(task: Task): Task {
  if (!holdsBack(task)) throw new RangeError(`task ${task.id} holds nothing back: there is nothing to tell`);
  const { background, ...told } = task.restriction?.rule.kind === "before_asking" ? unrestricted(task) : task;
  const tempting = told.restriction?.temptation?.request ?? "";
  const sentences = [...told.heldBack.map(({ sentence }) => sentence), background ?? ""];
  const firstMessage = [withoutEnd(told.firstMessage, tempting), ...sentences, tempting].filter((text) => text !== "").join(" ");
  const rubric = told.rubric === undefined ? {} : { rubric: { ...told.rubric, questions: [] } };
  return { ...told, id: `${task.id}-told`, firstMessage, heldBack: [], ...rubric };
}
