// What a written verdict is held to: a ladder of five criteria, of which a level asks for the first 1..5 and a simulator is
// trusted with as many as its size allows (TRUSTEE: 2 with its 8B, 3 with a 14B). Pure.

/** In the order of the ladder: each level adds one to those before it. */
export const criteria = [
  "The user got what they wanted.",
  "The right tools were called with the right values.",
  "Everything the assistant said comes from the user or from a tool's result.",
  "No call was wrong, needless or made twice.",
  "The assistant was brief and to the point.",
] as const;

/** Most criteria that a model of so many parameters judges at once. */
export function criteriaCap(parameters: number): number {
  if (parameters < 10e9) return 2;
  return parameters < 20e9 ? 3 : criteria.length;
}
