// Soft overlong punishment of DAPO (arXiv 2503.14476, eq. 13): what a long answer loses of its reward before the group is
// normalised. It belongs to the rewards, not to the loss: the learner never sees a reward. Verdict, metrics and curriculum
// keep the reward as it was judged. Numbers only.

/**
 * 0 up to `limit - buffer` tokens, then falling in a line to -1 at `limit` and beyond. A buffer of 0 is off.
 * @param tokens of the answer // after the prompt, as the limit counts them
 */
export function overlongPenalty(tokens: number, limit: number, buffer: number): number {
  if (buffer === 0) return 0;
  return Math.max(-1, Math.min(0, (limit - buffer - tokens) / buffer)) + 0; // + 0 turns -0 into 0
}
