// The learner's side of law 1: the trained ids are exactly the sampled ids. Checked on every update, by digest.
import { PlayactError } from "../errors.ts";
import { tokenDigest } from "../rules/token-digest.ts";
import { trainedPart } from "./batch.ts";
import type { UpdateReply, UpdateRequest } from "./learner.ts";

/**
 * Checks that the learner's tensors contained exactly the sampled ids: its digests must equal those of the samples.
 * @throws PlayactError("learner") if one differs: the update then trained on other ids than the policy sampled.
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
