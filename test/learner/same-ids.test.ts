import { expect, test } from "vitest";
import { assertSameIds } from "../../src/learner/same-ids.ts";
import { tokenDigest } from "../../src/rules/token-digest.ts";
import type { TrainingSample } from "../../src/types.ts";

const sample: TrainingSample = { ids: [5, 6, 7, 8], mask: [0, 1, 1, 0], logprobs: [0, -1, -1, 0], advantages: [0, 1, 1, 0] };
const request = { minibatches: [[sample], []], loss: { kind: "sft" as const }, learningRate: 1 };
const reply = (...digests: readonly string[]) => ({ metrics: {}, logprobs: [], digests });

test("an update whose tensors contained the sampled ids passes", () => {
  expect(() => assertSameIds(request, reply(tokenDigest([5, 6, 7])))).not.toThrow();
});

test.each([[[tokenDigest([5, 6, 8])]], [[tokenDigest([5, 6, 7, 8])]], [[]], [[tokenDigest([5, 6, 7]), tokenDigest([])]]])(
  "an update on other ids, more or fewer, stops the run",
  (digests) => {
    expect(() => assertSameIds(request, reply(...digests))).toThrow(/trained on other token ids than were sampled/);
  },
);

test("the digest is SHA-256 of the ids as u32, little-endian", () => {
  // printf '\1\0\0\0\0\0\1\0' | sha256sum
  expect(tokenDigest([1, 65536])).toBe("f9d10b77126ab15bc3488ce712403813f59b1dc4781f4cf22bef2feacd0a2868");
  expect(() => tokenDigest([-1])).toThrow(RangeError);
});
