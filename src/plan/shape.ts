// What a plan needs to know of a model, as its GGUF header says it, and what follows from it for the engine. Pure arithmetic,
// in bytes; the learner's part is learner.ts.

/** Sizes of a model. Every reader of headers gives at least these. */
export interface ModelShape {
  /** llama.cpp's name: "llama", "qwen2", "qwen3", "gemma3". */
  readonly architecture: string;
  /** Numbers in all weights of the file: an embedding that is also the output layer counts once. */
  readonly parameters: number;
  readonly vocabulary: number;
  readonly layers: number;
  /** Of the residual stream. */
  readonly width: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headWidth: number;
  /** Of the feed-forward block. */
  readonly feedForward: number;
  /** The output layer is the embedding. */
  readonly tied: boolean;
  /** Bytes of the tensors by their type: {"Q4_K": …, "F32": …}. */
  readonly bytesByType: Readonly<Record<string, number>>;
}

/** Most ids of one llama.cpp batch. */
export const batchTokens = 512;
/** node-llama-cpp rounds the context of a sequence up to a multiple of this. */
const contextUnit = 256;
/** A copy for processors holds Q5_0 as Q8_0 (llm/engine/llama-repacked.ts): 34 bytes a block instead of 22. */
const widened = 34 / 22;
/** Keys and values of a context's sequence: float16, each sequence with a whole context of its own. */
export function kvBytes(shape: ModelShape, contextTokens: number): number {
  const padded = Math.ceil(contextTokens / contextUnit) * contextUnit;
  return padded * shape.layers * 2 * shape.kvHeads * shape.headWidth * 2;
}

/**
 * The tensors as they lie in a card's memory: all but an embedding that is only looked up. On the host each lies there once, in
 * the order that the processor multiplies fastest, and an embedding that is also the output layer in both orders.
 */
export function weightBytes(shape: ModelShape, on: "host" | "card"): number {
  const { Q5_0 = 0 } = shape.bytesByType;
  if (on === "card") return fileBytes(shape) - (shape.tied ? 0 : embeddingBytes(shape));
  return fileBytes(shape) + Math.round(Q5_0 * (widened - 1)) + (shape.tied ? embeddingBytes(shape) : 0);
}

/** The embedding, at the file's mean bytes a number: its own type is not in the facts. */
export function embeddingBytes(shape: ModelShape): number {
  return Math.round((shape.vocabulary * shape.width * fileBytes(shape)) / shape.parameters);
}

/** What the engine's process holds for a loaded model beside its weights: its vocabulary and header. Measured. */
export function headerBytes({ vocabulary }: ModelShape): number {
  return 50e6 + 950 * vocabulary;
}

function fileBytes({ bytesByType }: ModelShape): number {
  return Object.values(bytesByType).reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * llama.cpp's compute buffer of one context: the larger of the output layer's phase and the attention's, for a full batch.
 * `outputs`: rows whose logits are wanted. The buffer is reserved for a batch of outputs; a processor's pages are taken when
 * they are written to, and there only the outputs of real batches are. Within 2 % of llama.cpp's own account on three models
 * (test/plan/shape.test.ts).
 */
export function computeBytes(shape: ModelShape, contextTokens: number, on: "host" | "card", outputs = batchTokens): number {
  const { width, heads, kvHeads, headWidth, vocabulary, feedForward } = shape;
  const perHead = on === "host" ? heads : 0; // scores of every head; with flash attention, on a card, the mask alone is kept
  const logits = outputs * vocabulary + batchTokens * (3 * width + 1);
  const attention = batchTokens * (contextTokens * (perHead + 1) + 5 * width + 2 * kvHeads * headWidth);
  const forward = batchTokens * (2 * feedForward + 2 * width);
  return 4 * Math.max(logits, attention, forward);
}

/** On the host, for each sequence: a row of logits, and the candidates of a draw (12 bytes an id). */
export function samplingBytes({ vocabulary }: ModelShape): number {
  return vocabulary * (4 + 12);
}
