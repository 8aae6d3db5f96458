// Token ids, log-probs and embeddings as BLOBs: u32 and f32, little-endian on every machine. Pure.

/** Token ids, 4 bytes each. Throws RangeError for a number that is not a u32. */
export function packIds(ids: readonly number[]): Buffer {
  const bytes = Buffer.alloc(ids.length * 4);
  for (const [index, id] of ids.entries()) bytes.writeUInt32LE(id, index * 4);
  return bytes;
}

export function unpackIds(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32LE(index * 4));
}

/**
 * Log-probs, 4 bytes each, rounded to float32. The learner's frames are float32 too, so the learner gets the same numbers
 * with or without a resume in between. Throws RangeError for a number that is not finite: it must not reach a loss.
 */
export function packLogprobs(logprobs: readonly number[]): Buffer {
  const bytes = Buffer.alloc(logprobs.length * 4);
  for (const [index, value] of logprobs.entries()) {
    if (!Number.isFinite(value)) throw new RangeError(`log-prob ${index} is ${value}; a finite number was expected`);
    bytes.writeFloatLE(value, index * 4);
  }
  return bytes;
}

export function unpackLogprobs(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}

/** An embedding, 4 bytes per number, exact. */
export function packVector(vector: Float32Array): Buffer {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes;
}

export function unpackVector(bytes: Buffer): Float32Array {
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
