// From RUN@STEP, as commands take it, to a checkpoint. STEP is a number, `last` or `best`; RUN alone means its best checkpoint.
import { PlayactError } from "../errors.ts";
import { adapterFile, type Checkpoint, checkpointFolder, listCheckpoints } from "./checkpoints.ts";
import { findRun, type ListedRun, listRuns } from "./runs.ts";
import { bestCheckpoint } from "./selection.ts";
import type { Store } from "./store.ts";

export interface NamedStep {
  /** Also a run that this version cannot resume: its adapters can still be used. */
  readonly run: ListedRun;
  readonly checkpoint: Checkpoint;
}

const form = /^(?<name>[^@]+)(?:@(?<step>\d{1,9}|last|best))?$/;

/** The checkpoint that RUN, RUN@STEP, RUN@last or RUN@best names. Throws PlayactError("usage") with what there is. */
export function findNamedStep(store: Store, reference: string): NamedStep {
  const { name, step = "best" } = form.exec(reference)?.groups ?? {};
  if (name === undefined)
    throw new PlayactError("usage", `Expected RUN, RUN@STEP, RUN@best or RUN@last, got ${JSON.stringify(reference)}.`);
  const run = listRuns(store).find((one) => one.name === name) ?? findRun(store, name);
  const checkpoints = listCheckpoints(store, run);
  const [last] = checkpoints;
  const best = bestCheckpoint(store, run);
  if (last === undefined || best === null)
    throw new PlayactError("usage", `Run ${run.name} has no checkpoint yet: it has not closed its first step.`);
  const named: Readonly<Record<string, Checkpoint>> = { last, best };
  const checkpoint = named[step] ?? checkpoints.find((one) => one.step === Number(step));
  if (checkpoint !== undefined) return { run, checkpoint };
  const kept = checkpoints.map((one) => one.step).toReversed();
  throw new PlayactError(
    "usage",
    `Run ${run.name} has no checkpoint of step ${step}. It has those of the steps ${kept.join(", ")}; the best is ${best.step}, the last ${last.step}.`,
  );
}

/** Absolute path of a checkpoint's GGUF adapter, or of its folder if it lists none. */
export function adapterPath(store: Store, checkpoint: Checkpoint): string {
  return adapterFile(store, checkpoint) ?? checkpointFolder(store, checkpoint);
}
