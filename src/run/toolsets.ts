// The toolsets of a run: those that are trained on, and those held out.
import type { Config } from "../config/config.ts";
import { heldOutShare } from "../config/held-out.ts";
import type { Store } from "../store/store.ts";
import { embeddedCatalogue, splitHeldOut } from "../tools/toolset.ts";
import type { Toolset } from "../types.ts";
import { checkDrift } from "./draw/drifting.ts";
import { runTools } from "./own-tools.ts";
import type { Session } from "./session.ts";

/**
 * The toolsets of a config, those held out apart; a task set's tools are in `store`.
 * @throws PlayactError("config") as checkDrift does
 */
export function toolsetsOf(config: Config, store: Store | null = null): Session["toolsets"] {
  const { tools, source } = config.tasks;
  const all = runTools(config.tasks, store) ?? embeddedCatalogue();
  const { tasks, decisions, perCell } = config.evaluation;
  const evaluates = tasks + decisions + perCell > 0;
  const { train, heldOut } = splitHeldOut(all, evaluates ? heldOutShare(config) : 0, ["held-out"]);
  if (source === null) checkDrift(config, train, tools ?? "the catalogue"); // the tasks of a set have their own tools
  if (evaluates && heldOut.length === 0) return { train, heldOut: train }; // the same tools, other tasks
  return { train, heldOut };
}

/** Which of the user's own tools are not trained on, in a sentence if there are any. */
export function heldOutTools({ tasks }: Pick<Config, "tasks">, { train, heldOut }: Session["toolsets"]): readonly string[] {
  if (tasks.tools === null || heldOut === train || heldOut.length === 0) return [];
  const namesOf = (toolsets: readonly Toolset[]) => toolsets.flatMap((toolset) => toolset.tools.map(({ name }) => name));
  const [own, others] = [namesOf(heldOut), namesOf(train)];
  return [
    `tools: ${own.length} of your ${own.length + others.length} tools are never trained on, as evaluation.heldOut says, so that the evaluation is on unseen ones (${own.join(", ")})`,
  ];
}
