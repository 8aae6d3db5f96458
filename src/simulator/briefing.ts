// What the simulator's roles read about a task: TRUSTEE's ablations withhold the intent, the persona or the expected calls from
// them. The rules and the blueprint are not models and always know the whole task.
import type { Config } from "../config/config.ts";
import type { Task } from "../types.ts";

export type Withheld = Config["simulator"]["withhold"][number];

/** A task as a role of the simulator reads it. */
export interface Brief extends Task {
  /** What the role's prompt must leave out. `heldBack` and `expected` are still present, for the rules. */
  readonly withheld?: readonly Withheld[];
}

/**
 * The task as a role reads it: a withheld intent is replaced by the person's first message, a withheld persona by nothing. The
 * held-back values and the values of the expected calls also reveal the intent: prompts check `isTold`.
 */
export function briefed(task: Task, withhold: readonly Withheld[]): Brief {
  return {
    ...task,
    intent: withhold.includes("intent") ? task.firstMessage : task.intent,
    persona: withhold.includes("persona") ? "" : task.persona,
    withheld: withhold,
  };
}

/** Whether a role's prompt may contain this part of the task. */
export function isTold({ withheld = [] }: Brief, part: Withheld): boolean {
  return !withheld.includes(part);
}
