// Similarity of unit vectors: their dot product, -1..1. Pure.

export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}

/** The most similar of `others` and its index, the first on a tie; null if there are none. */
export function mostSimilar(
  vector: Float32Array,
  others: readonly Float32Array[],
): { readonly at: number; readonly cosine: number } | null {
  let best: { at: number; cosine: number } | null = null;
  for (const [at, other] of others.entries()) {
    const near = cosine(vector, other);
    if (best === null || near > best.cosine) best = { at, cosine: near };
  }
  return best;
}
