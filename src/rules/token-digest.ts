// The fingerprint of token ids: one number that is the same where they were sampled, in the store, and in the learner's
// tensors, or something lies between. Twin of `digest` in native/trainer/batch.py.
import { createHash } from "node:crypto";

/** SHA-256 (hex) of the ids as u32 little-endian, the bytes that the store keeps. */
export function tokenDigest(ids: readonly number[]): string {
  const bytes = Buffer.alloc(ids.length * 4);
  for (const [at, id] of ids.entries()) bytes.writeUInt32LE(id, at * 4);
  return createHash("sha256").update(bytes).digest("hex");
}
