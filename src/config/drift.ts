// Which kinds of drift a config trains on and which it evaluates, and what of it cannot be. Pure.
import { type DriftKind, driftKinds } from "../types.ts";
import type { Config } from "./config.ts";

type Drifting = Pick<Config, "tasks" | "evaluation">;

/** The kinds of the tasks that are trained on. */
export function trainedKinds({ tasks, evaluation }: Drifting): readonly DriftKind[] {
  return driftKinds.filter((kind) => tasks.driftKinds.includes(kind) && !evaluation.heldOutKinds.includes(kind));
}

/** The kinds that have a cell of held-out tasks each, behind that of true pages. */
export function cellKinds({ tasks, evaluation }: Drifting): readonly DriftKind[] {
  return driftKinds.filter((kind) => tasks.driftKinds.includes(kind) || evaluation.heldOutKinds.includes(kind));
}

/** What is wrong, as a sentence that says what to do; null: nothing. */
export function driftFault(config: Drifting): string | null {
  const { tasks, evaluation } = config;
  if (tasks.drift > 0 && trainedKinds(config).length === 0) {
    const held = evaluation.heldOutKinds.join(", ") || "none";
    return `Config key "tasks.drift": ${tasks.drift} of the tasks are to drift, but no kind is left to train on (tasks.driftKinds: ${tasks.driftKinds.join(", ") || "none"}; evaluation.heldOutKinds: ${held}). Hold fewer kinds out, or set tasks.drift=0.`;
  }
  if (evaluation.perCell > 0 && tasks.source !== null)
    return `Config key "evaluation.perCell": the tasks of the cells are written in the run, not drawn from a task set. Set evaluation.perCell=0, or leave out tasks.source.`;
  return null;
}
