// What the simulator's roles are told about a task: TRUSTEE's ablations withhold the intent, the persona or the expected
// calls from them. The rules and the blueprint know the whole task either way: they are no model.
import type { Config } from "../config.ts";
import type { Task } from "../types.ts";

export type Withheld = Config["simulator"]["withhold"][number];

/** A task as a role of the simulator is told of it. */
export interface Brief extends Task {
  /** The role is not told which calls are expected; `expected` is there still, for the rules and the anchors. */
  readonly callsWithheld?: true;
}

/** The task as a role reads it: a withheld intent leaves the person's first message, a withheld persona nothing. */
export function briefed(task: Task, withhold: readonly Withheld[]): Brief {
  return {
    ...task,
    intent: withhold.includes("intent") ? task.firstMessage : task.intent,
    persona: withhold.includes("persona") ? "" : task.persona,
    ...(withhold.includes("expected-calls") ? { callsWithheld: true } : {}),
  };
}
