// A fingerprint of token ids: if it differs between the sampler, the store and the learner's tensors, the ids differ.
// Twin of `digest` in native/trainer/batch.py.
import { createHash } from "node:crypto";

/** SHA-256 (hex) of the ids as u32 little-endian, the bytes in the store. */
export function tokenDigest(ids: readonly number[]): string {
  const bytes = Buffer.alloc(ids.length * 4);
  for (const [at, id] of ids.entries()) bytes.writeUInt32LE(id, at * 4);
  return createHash("sha256").update(bytes).digest("hex");
}
