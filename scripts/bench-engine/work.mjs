// The work of every peer of bench-engine.mjs, with the same ids for each. Ids only, no text: tokens are what is measured.

/** Ordinary ids of Qwen2.5's and SmolLM2's vocabularies (no markers). */
const lowest = 1000;
const span = 20_000;

/** `count` ids that depend only on `seed` (a linear congruential generator: the same in every language). */
export function someIds(/** @type {number} */ seed, /** @type {number} */ count) {
  let state = (seed * 2_654_435_761 + 12_345) >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return lowest + (state % span);
  });
}

export const shape = { prompt: 256, new: 64 };

/** A GRPO step: tasks x samples x turns. The policy's answers are sampled; everything else is fixed. */
export const grpo = { tasks: 4, samples: 8, turns: 3, system: 350, user: 40, answer: 48, result: 60, sequences: 32 };

/** First prompt of a task; every task has its own tools, so tasks share no prefix. */
export const firstPrompt = (/** @type {number} */ task) => [
  ...someIds(100 + task, grpo.system),
  ...someIds(200 + task, grpo.user),
];

/** The foreign ids after turn `turn` of an episode. */
export const toolResult = (/** @type {number} */ task, /** @type {number} */ sample, /** @type {number} */ turn) =>
  someIds(1000 + task * 100 + sample * 10 + turn, grpo.result);

/**
 * Smallest number of ids that must be prefilled: nodes of the prefix tree of all prompts, without the answers' ids, which
 * decoding computes (all but the last of an answer, which decoding never needs as input).
 */
export function distinctPrefill() {
  const first = grpo.tasks * (grpo.system + grpo.user);
  const later = grpo.tasks * grpo.samples * (grpo.turns - 1) * (grpo.result + 1);
  return first + later;
}

/** Runs `work` over the items, `width` at a time. */
export async function inLanes(
  /** @type {number} */ width,
  /** @type {readonly number[]} */ items,
  /** @type {(item: number, lane: number) => Promise<void>} */ work,
) {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: width }, async (_, lane) => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item, lane);
    }),
  );
}

/** Duration of `work` in seconds. */
export async function seconds(/** @type {() => Promise<unknown>} */ work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
