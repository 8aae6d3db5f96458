// What a run with a parent holds out must be new to the whole line of its parents: otherwise its evaluation would be of tools, or of
// persons, that the policy was trained on, and nobody would notice.
import type { Config } from "../config/config.ts";
import { PlayactError } from "../errors.ts";
import type { RunRow } from "../store/run-row.ts";
import { listRuns } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import { trainedOn } from "../store/tasks.ts";
import { openTrainingSet } from "./draw/task-set.ts";
import { toolsetsOf } from "./toolsets.ts";

/** @throws PlayactError("config") that names what was trained on and what to set */
export function assertUnseen(store: Store, config: Config): void {
  const line = parentsOf(store, config);
  const [parent] = line;
  if (parent === undefined) return;
  const { source, tools } = config.tasks;
  // names mean the same within one set, one file of tools and the catalogue
  const seen = line
    .filter(({ config: known }) => known.tasks.source === source && known.tasks.tools === tools)
    .flatMap((run) => trainedOn(store, run));
  const { what, heldOut } = source === null ? toolsetsHeldOut(store, config) : tasksHeldOut(store, config, source);
  const known = new Set(seen.map((one) => (source === null ? `${one.domain}/${one.toolset}` : one.inSet)));
  const again = heldOut.filter((name) => known.has(name));
  if (again.length === 0) return;
  throw new PlayactError(
    "config",
    `${parent.name} or a parent of it was trained on ${again.length} of the ${heldOut.length} ${what} that this run would hold out (${again.slice(0, 3).join(", ")}${again.length > 3 ? ", …" : ""}): its evaluation would not be of unseen ones. ${source === null ? "Set evaluation.heldOut=0, which tests on the same tools with other tasks" : "Hold out no more than they did (evaluation.heldOut, evaluation.tasks, evaluation.decisions)"}, or start without --from.`,
  );
}

/** A run of which is known what it was trained on: not one of an older version that cannot be read any more. */
type Parent = Pick<RunRow, "id" | "name" | "config">;

/** The runs that the policy of a config comes from, the last one first. */
function parentsOf(store: Store, { policy }: Pick<Config, "policy">): readonly Parent[] {
  const name = policy.adapter?.replace(/@[^@]*$/, "");
  const run = listRuns(store).find((one) => one.name === name);
  if (run === undefined || run.config === null) return [];
  return [{ ...run, config: run.config }, ...parentsOf(store, run.config)];
}

interface HeldOut {
  readonly what: string;
  readonly heldOut: readonly string[];
}

function toolsetsHeldOut(store: Store, config: Config): HeldOut {
  const { train, heldOut } = toolsetsOf(config, store);
  return { what: "toolsets", heldOut: heldOut === train ? [] : heldOut.map(({ domain, name }) => `${domain}/${name}`) };
}

function tasksHeldOut(store: Store, config: Config, source: string): HeldOut {
  const { evaluation, selection } = openTrainingSet(store, config, source);
  return { what: "tasks of the set", heldOut: [...evaluation, ...selection].map(({ id }) => id) };
}
