// What a GGUF header says of a language model: enough to plan memory with and to choose how to talk to it, without its weights.
// models/manifest.json carries the facts of the models that it names, so that a plan needs no file.
import { z } from "zod";
import { PlayactError } from "../errors.ts";
import { shardsOf } from "./address.ts";
import { type GgufHeader, type GgufValue, readGguf } from "./gguf.ts";

const whole = z.number().int().positive();

export const modelFactsSchema = z.strictObject({
  /** llama.cpp's name of the architecture: qwen2, qwen3, llama, gemma3 ... */
  architecture: z.string().min(1),
  /** Numbers in all weights; tied embeddings once. */
  parameters: whole,
  contextTrained: whole,
  vocabulary: whole,
  layers: whole,
  /** Of the residual stream. */
  width: whole,
  heads: whole,
  kvHeads: whole,
  headWidth: whole,
  /** Of the feed-forward block. */
  feedForward: whole,
  /** Experts of a layer; 0: it is dense. */
  experts: z.number().int().min(0).default(0),
  /** The output layer is the embedding. */
  tied: z.boolean(),
  chatTemplate: z.boolean(),
  /** Its chat template marks thinking. */
  thinking: z.boolean(),
  /** How positions beyond the first training's context are scaled; `factors`: by a tensor of their own (Llama 3.1). */
  rope: z.strictObject({ scaling: z.string(), factor: z.number().positive(), factors: z.boolean() }),
  /** Bytes of the tensors of each type, e.g. {"Q4_K": ..., "F32": ...}. */
  bytesByType: z.record(z.string(), whole),
});

export type ModelFacts = z.output<typeof modelFactsSchema>;

/** The facts, and what else the choice of a model's seat needs from its header. */
export interface ModelHeader {
  readonly facts: ModelFacts;
  /** Texts of the vocabulary's control and user-defined tokens. */
  readonly markers: ReadonlySet<string>;
}

/** Tensors that hold positions, not weights. */
const ropeTensor = /^rope_(freqs|factors)/;
/** llama_token_type of control and user-defined tokens. */
const markerTypes = [3, 4];

/**
 * Reads the facts from the headers of a model's files (one, or all parts of a sharded one, the first first).
 * @throws PlayactError("model") if they are no language model's
 */
export function factsOf(headers: readonly GgufHeader[], path: string): ModelHeader {
  const metadata = headers[0]?.metadata ?? new Map<string, GgufValue>();
  const tensors = headers.flatMap((header) => header.tensors);
  const architecture = String(metadata.get("general.architecture") ?? "");
  const of = (key: string) => metadata.get(`${architecture}.${key}`);
  const fault = whyNoLanguageModel(metadata, architecture);
  if (fault !== null) throw new PlayactError("model", `${path} ${fault}. Choose a language model.`);

  const tokens = texts(metadata.get("tokenizer.ggml.tokens"));
  const types = metadata.get("tokenizer.ggml.token_type");
  const template = metadata.get("tokenizer.chat_template");
  const weights = tensors.filter(({ name }) => !ropeTensor.test(name));
  const [width, heads] = [largest(of("embedding_length")), largest(of("attention.head_count"))];
  const bytesByType: Record<string, number> = {};
  for (const { type, bytes } of tensors) bytesByType[type] = (bytesByType[type] ?? 0) + bytes;
  const parsed = modelFactsSchema.safeParse({
    architecture,
    parameters: weights.reduce((sum, { values }) => sum + values, 0),
    contextTrained: largest(of("context_length")),
    vocabulary: tokens.length || largest(of("vocab_size")),
    layers: largest(of("block_count")),
    width,
    heads,
    kvHeads: largest(of("attention.head_count_kv")) ?? heads,
    headWidth: largest(of("attention.key_length")) ?? (width ?? 0) / (heads ?? 1),
    feedForward: largest(of("feed_forward_length")),
    experts: largest(of("expert_count")) ?? 0,
    tied: !tensors.some(({ name }) => name === "output.weight"),
    chatTemplate: typeof template === "string",
    thinking: typeof template === "string" && template.includes("<think>"),
    rope: {
      scaling: String(of("rope.scaling.type") ?? "none"),
      factor: largest(of("rope.scaling.factor")) ?? 1,
      factors: tensors.some(({ name }) => ropeTensor.test(name)),
    },
    bytesByType,
  });
  if (!parsed.success) {
    const missing = parsed.error.issues.map(({ path: key }) => key.join(".")).join(", ");
    throw new PlayactError("model", `The header of ${path} does not say what a language model's does (${missing}).`);
  }
  const isMarker = (_: string, id: number) => Array.isArray(types) && markerTypes.includes(Number(types[id]));
  return { facts: parsed.data, markers: new Set(tokens.filter(isMarker)) };
}

/** Of the model at a path, of all its files if it has several. Throws likewise. */
export function factsAt(path: string): ModelFacts {
  return factsOf(shardsOf(path).map(readGguf), path).facts;
}

/** The end of a sentence about the file; null: it may be a language model. */
function whyNoLanguageModel(metadata: GgufHeader["metadata"], architecture: string): string | null {
  const type = metadata.get("general.type") ?? "model";
  if (type !== "model") return `holds no whole model, but a part of one (general.type ${String(type)})`;
  if (architecture === "") return "names no architecture in its header";
  const pooled = Number(metadata.get(`${architecture}.pooling_type`) ?? 0) > 0;
  const forward = metadata.get(`${architecture}.attention.causal`) !== false;
  if (pooled || !forward || /bert|embedding|t5encoder/.test(architecture))
    return `is an embedding model (${architecture}), which turns texts into vectors and writes none`;
  return null;
}

/** A number, or the largest of a list by layer; null where there is none. */
function largest(value: GgufValue | undefined): number | null {
  if (typeof value === "number") return value;
  const numbers = Array.isArray(value) ? value.map(Number) : [];
  return numbers.length === 0 ? null : Math.max(...numbers);
}

function texts(value: GgufValue | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
