// The criteria of a written verdict: a ladder of five. A level uses the first 1..5 of them, and the simulator's size sets a
// maximum (TRUSTEE: 2 with its 8B, 3 with a 14B). Pure.

/** In the order of the ladder: each level adds one. */
export const criteria = [
  "The user got what they wanted.",
  "The right tools were called with the right values.",
  "Everything the assistant said comes from the user or from a tool's result.",
  "No call was wrong, unnecessary or made twice.",
  "The assistant was brief and to the point.",
] as const;

/** Most criteria that a model with this many parameters judges at once; null: a server's, whose size is not known. */
export function criteriaCap(parameters: number | null): number {
  if (parameters === null || parameters < 10e9) return 2;
  return parameters < 20e9 ? 3 : criteria.length;
}
