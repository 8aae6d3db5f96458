// The models of a run are the files that it was started with, whether it is trained further, played or shown: another file at the
// same address is refused.
import { PlayactError } from "../errors.ts";
import { findOnDisk, type Model } from "../models/model.ts";
import { modelsOfRun } from "../store/run-models.ts";
import { policyOf } from "../store/runs.ts";
import type { Store } from "../store/store.ts";

/** The policy of a run as it was when the run was started. */
export interface StartedPolicy {
  readonly run: string;
  readonly address: string;
  /** Null in runs of older versions: then any file is taken. */
  readonly sha256: string | null;
}

/** What the store says of the policy of a run; no file is looked for. */
export function startedPolicy(store: Store, run: { readonly id: number; readonly name: string }): StartedPolicy {
  return { run: run.name, address: policyOf(store, run.id), sha256: modelsOfRun(store, run).policy };
}

/** Its file on this disk. @throws PlayactError("model") if it is missing or not the one that the run was started with */
export async function findStartedPolicy({ run, address, sha256 }: StartedPolicy): Promise<Model> {
  const model = await findOnDisk(address);
  checkSame(run, "policy", sha256, model);
  return model;
}

/** @throws PlayactError("model") if a seat's file has another hash than the stored one; null: none was stored */
export function checkSame(
  run: string,
  seat: "policy" | "simulator",
  was: string | null,
  model: Pick<Model, "path" | "sha256">,
): void {
  if (was === null || was === model.sha256) return;
  throw new PlayactError(
    "model",
    `The ${seat} of run ${run} has changed: it was started with a file of SHA-256 ${was}, and ${model.path} has ${model.sha256}. Put the old file back, or start a new run.`,
  );
}
