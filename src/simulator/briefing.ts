// What the simulator's roles are told about a task: TRUSTEE's ablations withhold the intent, the persona or the expected
// calls from them. The rules and the blueprint know the whole task either way: they are no model.
import type { Config } from "../config/config.ts";
import type { Task } from "../types.ts";

export type Withheld = Config["simulator"]["withhold"][number];

/** A task as a role of the simulator is told of it. */
export interface Brief extends Task {
  /** What the role's prompt must not tell. `heldBack` and `expected` are there still, for the rules. */
  readonly withheld?: readonly Withheld[];
}

/**
 * The task as a role reads it: a withheld intent leaves the person's first message, a withheld persona nothing. The intent
 * is also told by what is held back from that message and by the values of the expected calls: prompts ask `isTold`.
 */
export function briefed(task: Task, withhold: readonly Withheld[]): Brief {
  return {
    ...task,
    intent: withhold.includes("intent") ? task.firstMessage : task.intent,
    persona: withhold.includes("persona") ? "" : task.persona,
    withheld: withhold,
  };
}

/** Whether a role's prompt may tell this part of the task. */
export function isTold({ withheld = [] }: Brief, part: Withheld): boolean {
  return !withheld.includes(part);
}
