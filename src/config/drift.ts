// Which kinds of drift a config trains on and which it evaluates. Pure.
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
