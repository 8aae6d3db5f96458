// A checkpoint as people name it: RUN, whose last one is meant, or RUN@STEP.
import { PlayactError } from "../errors.ts";
import { type Checkpoint, listCheckpoints } from "./checkpoints.ts";
import type { RunRow } from "./run-row.ts";
import { findRun } from "./runs.ts";
import type { Store } from "./store.ts";

/** Throws PlayactError("usage") with the steps that the run has kept, if it has not this one. */
export function findNamedCheckpoint(store: Store, name: string): { readonly run: RunRow; readonly checkpoint: Checkpoint } {
  const [, runName = name, step] = /^([^@]*)@(.*)$/.exec(name) ?? [];
  const run = findRun(store, runName);
  const all = listCheckpoints(store, run);
  const checkpoint = step === undefined ? all[0] : all.find((one) => String(one.step) === step);
  if (checkpoint !== undefined) return { run, checkpoint };
  if (all.length === 0) throw new PlayactError("usage", `Run ${run.name} has no checkpoint yet.`);
  const kept = all.map((one) => one.step).sort((a, b) => a - b);
  throw new PlayactError(
    "usage",
    `Run ${run.name} has no checkpoint of step ${step}. Expected RUN or RUN@STEP with one of the steps that it has kept: ${kept.join(", ")}.`,
  );
}
