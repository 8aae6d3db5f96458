// The policy of a run that is played or shown is the file that the run was started with: another file at the same address is refused.
import { findOnDisk, type Model } from "../models/model.ts";
import { checkSame } from "../run/same-models.ts";
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
