// Memory of the learner, from shapes. Twin of native/trainer/memory.py: both are held to test/fixtures/plan.json. Bytes.
import type { ModelShape } from "./shape.ts";

/** The sizes that determine the activations of a model; the names are Python's. */
export interface LearnerSizes {
  readonly blocks: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly heads: number;
  /** Heads x head width, and key-value heads x head width. */
  readonly query: number;
  readonly key_value: number;
  /** Per block, over the hidden size: 2, gemma3 4. */
  readonly norms: number;
  /** q and k are normalised (qwen3, gemma3). */
  readonly normed_heads: boolean;
  readonly rank: number;
  /** Kinds of attention: 1, gemma3 2. */
  readonly masks: number;
  /** Trainable parameters. */
  readonly adapter: number;
  /** Bytes of an activation: 4 or 2. */
  readonly item: number;
  /** Heads whose n x n scores autograd keeps in every block: Apple's GPUs have no fused attention to train with. Absent: none. */
  readonly scores?: number;
}

/** Float32 logits that the head holds at a time (native/trainer/logprob.py). */
const chunkBytes = 64 * 1024 * 1024;
/** AdamW's gradient and two moments, float32. */
export const gradientBytes = 4;
export const momentBytes = 8;

export function learnerSizes(shape: ModelShape, rank: number, item: 2 | 4, unfused = false): LearnerSizes {
  const { layers, width, feedForward, heads, kvHeads, headWidth, architecture } = shape;
  const [query, keyValue] = [heads * headWidth, kvHeads * headWidth];
  const gemma = architecture === "gemma3";
  // LoRA's A and B of q, k, v, o, gate, up and down
  const ends = width + query + 2 * (width + keyValue) + (query + width) + 2 * (width + feedForward) + (feedForward + width);
  return {
    ...{ blocks: layers, hidden: width, intermediate: feedForward, heads, query, key_value: keyValue },
    ...{ norms: gemma ? 4 : 2, normed_heads: gemma || architecture === "qwen3", masks: gemma ? 2 : 1 },
    ...{ rank, adapter: layers * rank * ends, item },
    ...(unfused ? { scores: heads } : {}),
  };
}

/** What autograd keeps of one token in one block. */
export function blockBytes(s: LearnerSizes): number {
  const both = s.query + s.key_value;
  const normed = s.normed_heads ? both * 4 + Math.floor((both * 4 * s.heads) / Math.max(1, s.query)) : 0;
  const norms = s.norms * (s.hidden + 1) * 4 + normed;
  const attention = 4 * s.query * s.item + s.heads * 4;
  const mlp = 3 * s.intermediate * s.item;
  const adapters = (2 * s.hidden + s.intermediate) * s.item + 7 * s.rank * 4;
  return norms + attention + mlp + adapters;
}

/** Most memory that a forward and backward pass of one row adds, with the first `recomputed` blocks kept only as inputs. */
export function rowBytes(s: LearnerSizes, nodes: number, trained: number, recomputed: number): number {
  const inputs = recomputed * s.hidden * s.item;
  const kept = (s.blocks - recomputed) * blockBytes(s) + inputs;
  const passing = (3 * s.intermediate + 4 * s.hidden) * s.item;
  const scores = 4 * (s.scores ?? 0) * (s.blocks - recomputed + 4); // 4: of the block in work, there and back
  const mask = nodes * nodes * (s.masks * s.item + scores);
  const hidden = trained * s.hidden * (s.item + 4);
  const atHead = nodes * kept + 3 * chunkBytes;
  const inLastBlock = nodes * (kept + passing);
  const inRecomputed = recomputed > 0 ? nodes * (inputs + blockBytes(s) + passing) : 0;
  return mask + hidden + Math.max(atHead, inLastBlock, inRecomputed);
}

/** Tokens of the longest row that fits into `bytes` with every block recomputed, all of its tokens trained; 0: none. */
export function longestRow(s: LearnerSizes, bytes: number): number {
  const fits = (tokens: number) => rowBytes(s, tokens, tokens, s.blocks) <= bytes;
  let [least, most] = [0, 1];
  while (fits(most)) [least, most] = [most, 2 * most];
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2);
    if (fits(middle)) least = middle;
    else most = middle;
  }
  return least;
}

/** Fewest blocks to recompute for a row of so many tokens to fit; all of them if it does not. */
export function fewestRecomputed(s: LearnerSizes, tokens: number, bytes: number): number {
  for (let recomputed = 0; recomputed < s.blocks; recomputed++)
    if (rowBytes(s, tokens, tokens, recomputed) <= bytes) return recomputed;
  return s.blocks;
}
