// The learner's side of law 1: what was trained is what was sampled, id for id. Checked on every update, by digest.
import { PlayactError } from "../errors.ts";
import { tokenDigest } from "../rules/token-digest.ts";
import { trainedPart } from "./batch.ts";
import type { UpdateReply, UpdateRequest } from "./learner.ts";

/**
 * The learner's tensors held exactly the ids that were sampled: its digests are those of the samples.
 * @throws PlayactError("learner") where one differs; what was trained then is not what the policy said.
 */
export function assertSameIds({ minibatches }: UpdateRequest, { digests }: UpdateReply): void {
  const samples = minibatches.flat();
  const bad = samples.findIndex((sample, at) => tokenDigest(trainedPart(sample)) !== digests[at]);
  if (bad < 0 && digests.length === samples.length) return;
  throw new PlayactError(
    "learner",
    `The learner trained on other token ids than were sampled (sample ${bad} of ${samples.length}). The update is not saved; resume the run, and if this repeats report it.`,
  );
}
