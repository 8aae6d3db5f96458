// Token ids, log-probs and embeddings as BLOBs: u32 and f32, little-endian whatever the machine. Pure.

/** Token ids as 4 bytes each. Throws RangeError for what is no u32. */
export function packIds(ids: readonly number[]): Buffer {
  const bytes = Buffer.alloc(ids.length * 4);
  for (const [index, id] of ids.entries()) bytes.writeUInt32LE(id, index * 4);
  return bytes;
}

export function unpackIds(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32LE(index * 4));
}

/**
 * Log-probs as 4 bytes each: exact for float32 values, rounded to float32 otherwise (the learner's frames are f32 as well,
 * and rounding twice is rounding once, so what it sees does not depend on a stop and resume in between).
 * Throws RangeError for what is not finite: such a number must not reach a loss.
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

/** An embedding as 4 bytes a number, exact. */
export function packVector(vector: Float32Array): Buffer {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes;
}

export function unpackVector(bytes: Buffer): Float32Array {
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
