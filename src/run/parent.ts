// A run that goes on from a checkpoint of another run of its store (policy.adapter, --from): that adapter, with the moments of its
// optimizer, is the policy which the run begins with, and which it calls its base. Warm-up and steps are as in any run. The
// checkpoint is needed until step 0 is closed; the run has copies of its own from then on.
import type { Config } from "../config/config.ts";
import { PlayactError } from "../errors.ts";
import type { CallForm } from "../llm/text/dialect.ts";
import { type Checkpoint, checkpointFault } from "../store/checkpoints.ts";
import { findNamedStep } from "../store/named-step.ts";
import { modelsOfRun } from "../store/run-models.ts";
import { policyOf } from "../store/runs.ts";
import type { Store } from "../store/store.ts";

export interface Parent {
  /** RUN@STEP with the step's number: what `best` and `last` mean may change. */
  readonly adapter: string;
  /** How its policy writes calls. */
  readonly form: CallForm | null;
}

/**
 * The checkpoint that a new run goes on from; null if it begins with the untrained model.
 * @param policy SHA-256 of the new run's model file
 * @throws PlayactError "usage" if there is no such checkpoint, "store" if its files are not whole, "config" if the new run's policy
 * cannot carry its adapter
 */
export async function parentOf(store: Store, config: Config, policy: string): Promise<Parent | null> {
  if (config.policy.adapter === null) return null;
  const { run, checkpoint } = findNamedStep(store, config.policy.adapter);
  const adapter = `${run.name}@${checkpoint.step}`;
  const refuse = (key: string, mine: unknown, theirs: unknown, set = theirs) =>
    new PlayactError(
      "config",
      `Config key "${key}": ${adapter} was trained with ${theirs}, and this run has ${mine}. Set ${key}=${set}, or start without an adapter.`,
    );
  const was = modelsOfRun(store, run).policy;
  if (was !== null && was !== policy) {
    const file = (name: string, sha256: string) => `${name} (SHA-256 ${sha256})`; // two files may have one name
    const theirs = policyOf(store, run.id);
    throw refuse("models.policy", file(config.models.policy, policy), file(theirs, was), theirs);
  }
  const { dialect } = config.policy;
  if (run.form !== null && dialect !== null && dialect !== run.form.dialect)
    throw refuse("policy.dialect", dialect, run.form.dialect);
  for (const key of ["rank", "alpha"] as const) {
    const theirs = run.config?.learner[key] ?? config.learner[key]; // of an older version's run the learner itself compares
    if (theirs !== config.learner[key]) throw refuse(`learner.${key}`, config.learner[key], theirs);
  }
  const fault = await checkpointFault(store, checkpoint);
  if (fault !== null) throw new PlayactError("store", `The checkpoint ${adapter} cannot be trained on: ${fault}.`);
  return { adapter, form: run.form };
}

/** The same for a run that is started: its config has the step's number. @throws PlayactError("usage") if it is gone */
export function parentCheckpoint(store: Store, { policy }: Pick<Config, "policy">): Checkpoint | null {
  return policy.adapter === null ? null : findNamedStep(store, policy.adapter).checkpoint;
}
