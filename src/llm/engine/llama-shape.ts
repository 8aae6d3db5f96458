// The sizes of a model, read from the header of its GGUF file: what a memory plan needs before anything is loaded.
import { stat } from "node:fs/promises";
import { GgmlType, type GgufFileInfo, readGgufFileInfo } from "node-llama-cpp";
import type { ModelShape } from "../../plan/shape.ts";

export async function readShape(path: string): Promise<ModelShape> {
  const [file, { size }] = await Promise.all([readGgufFileInfo(path, { logWarnings: false }), stat(path)]);
  return shapeOf(file, size);
}

/** `size`: bytes of the file, of which the last tensor takes the end. */
export function shapeOf(file: GgufFileInfo, size: number): ModelShape {
  const {
    block_count: layers,
    embedding_length: width = 0,
    feed_forward_length,
    attention,
    vocab_size,
  } = file.architectureMetadata;
  const heads = largest(attention?.head_count);
  const tensors = (file.fullTensorInfo ?? []).toSorted((a, b) => Number(a.fileOffset) - Number(b.fileOffset));
  const bytesByType: Record<string, number> = {};
  for (const [at, { ggmlType, fileOffset }] of tensors.entries()) {
    const type = GgmlType[ggmlType] ?? String(ggmlType);
    const bytes = Number(tensors[at + 1]?.fileOffset ?? size) - Number(fileOffset);
    bytesByType[type] = (bytesByType[type] ?? 0) + bytes;
  }
  const weights = tensors.filter(({ name }) => !name.startsWith("rope_"));
  return {
    architecture: file.metadata.general.architecture,
    parameters: weights.reduce((sum, { dimensions }) => sum + dimensions.reduce<number>((all, one) => all * Number(one), 1), 0),
    vocabulary: file.metadata.tokenizer?.ggml?.tokens?.length ?? vocab_size ?? 0,
    layers: layers ?? 0,
    width,
    heads,
    kvHeads: largest(attention?.head_count_kv) || heads,
    headWidth: attention?.key_length ?? width / Math.max(1, heads),
    feedForward: largest(feed_forward_length),
    tied: !tensors.some(({ name }) => name === "output.weight"),
    bytesByType,
  };
}

/** A number, or the largest of a list by layer; 0 where there is none. */
function largest(value: number | readonly number[] | undefined): number {
  return typeof value === "number" ? value : Math.max(0, ...(value ?? []));
}
