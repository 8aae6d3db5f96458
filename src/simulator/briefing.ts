// What the simulator's roles are told about a task: TRUSTEE's ablations withhold the intent, the persona or the expected
// calls from them. The rules and the blueprint know the whole task either way: they are no model.
import type { Config } from "../config.ts";
import type { Task } from "../types.ts";

export type Withheld = Config["simulator"]["withhold"][number];

/** The task as a role reads it: a withheld intent leaves the person's first message, a withheld persona nothing. */
export function briefed(task: Task, withhold: readonly Withheld[]): Task {
  return {
    ...task,
    intent: withhold.includes("intent") ? task.firstMessage : task.intent,
    persona: withhold.includes("persona") ? "" : task.persona,
  };
}
