// Texts -> unit vectors whose dot product measures similarity of meaning: all-MiniLM-L6-v2 with int8 weights on onnxruntime,
// mean pooling over the tokens, L2 normalised, as in sentence-transformers. Not part of the engine: it writes no text and is
// opened only for runs that need it (novelty, near distractors). The only file that uses onnxruntime-node.
import { readFile } from "node:fs/promises";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, PlayactError } from "../errors.ts";
import { commandLine } from "../models/installation.ts";
import { type WordPieces, wordPieces } from "./word-pieces.ts";

/** One unit vector per text, in the order of the texts. */
export type Embed = (texts: readonly string[]) => Promise<readonly Float32Array[]>;

export interface Embedder extends AsyncDisposable {
  readonly embed: Embed;
  /** Token ids of a text. */
  readonly pieces: WordPieces;
  /** Length of a vector. */
  readonly dimensions: number;
}

export interface EmbedderOptions {
  /** The ONNX file. */
  readonly model: string;
  /** Its tokenizer.json. */
  readonly tokenizer: string;
  readonly dimensions: number;
  readonly maxTokens: number;
  /** CPU threads; null uses all cores. */
  readonly threads: number | null;
}

/** Texts per batch: enough for two cores, few enough for little padding. */
const batchSize = 32;

/** Opens the model (about 100 MB of memory). @throws PlayactError("model") if a file is not valid */
export async function openEmbedder(options: EmbedderOptions): Promise<Embedder> {
  const { dimensions, maxTokens, threads } = options;
  const { InferenceSession, Tensor } = await import("onnxruntime-node"); // late: most commands do not need this 46 MB library
  const pieces = await opened(options.tokenizer, async () =>
    wordPieces(JSON.parse(await readFile(options.tokenizer, "utf8")), maxTokens),
  );
  const session = await opened(options.model, () =>
    InferenceSession.create(options.model, {
      executionProviders: ["cpu"],
      graphOptimizationLevel: "all",
      logSeverityLevel: 3, // errors only: warnings would break the progress line
      interOpNumThreads: 1,
      ...(threads === null ? {} : { intraOpNumThreads: threads }),
    }),
  );
  const runBatch = async (rows: readonly (readonly number[])[]): Promise<Float32Array[]> => {
    const width = Math.max(...rows.map((row) => row.length));
    const ids = new BigInt64Array(rows.length * width); // [text][token], padded with 0, which is [PAD]
    const mask = new BigInt64Array(ids.length);
    for (const [at, row] of rows.entries()) {
      ids.set(row.map(BigInt), at * width);
      mask.fill(1n, at * width, at * width + row.length);
    }
    const shape = [rows.length, width];
    const tensor = (data: BigInt64Array): Tensor => new Tensor("int64", data, shape);
    const feeds = { input_ids: tensor(ids), attention_mask: tensor(mask), token_type_ids: tensor(new BigInt64Array(ids.length)) };
    const hidden = hiddenOf(await session.run(feeds)); // [text][token][dimension]
    return rows.map((row, at) => pooled(hidden.subarray(at * width * dimensions), row.length, dimensions));
  };
  return {
    dimensions,
    pieces,
    embed: async (texts) => {
      const rows = texts.map(pieces);
      // sorted by length, so that a batch has little padding
      const byLength = rows.map((_, at) => at).sort((a, b) => (rows[a]?.length ?? 0) - (rows[b]?.length ?? 0) || a - b);
      const vectors: Float32Array[] = new Array(texts.length);
      for (let first = 0; first < byLength.length; first += batchSize) {
        const places = byLength.slice(first, first + batchSize);
        const batch = await runBatch(places.map((at) => rows[at] ?? []));
        for (const [position, at] of places.entries()) vectors[at] = batch[position] ?? new Float32Array(dimensions);
      }
      return vectors;
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}

function hiddenOf(outputs: InferenceSession.OnnxValueMapType): Float32Array {
  const data = outputs.last_hidden_state?.data;
  if (data instanceof Float32Array) return data;
  throw new PlayactError(
    "model",
    `The embedder has no float32 output last_hidden_state. Fetch it again: ${commandLine("models get NAME")}`,
  );
}

/** Mean of the first `tokens` rows of `hidden`, scaled to length 1. */
function pooled(hidden: Float32Array, tokens: number, dimensions: number): Float32Array {
  const sum = new Float64Array(dimensions);
  for (let at = 0; at < tokens * dimensions; at++) sum[at % dimensions] = (sum[at % dimensions] ?? 0) + (hidden[at] ?? 0);
  const length = Math.sqrt(sum.reduce((total, value) => total + value * value, 0));
  return Float32Array.from(sum, (value) => value / Math.max(length, 1e-12)); // scaling cancels the mean's divisor
}

async function opened<T>(path: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    throw new PlayactError("model", `${path} is not a valid embedder file (${describe(cause)}). Fetch it again.`, {
      cause,
    });
  }
}
