// A GGUF file of a few kilobytes: a header as a real model's, and tensors of zeros. Readers of headers cannot tell it from a model.
import { writeFileSync } from "node:fs";

export type Written = number | string | boolean | readonly string[] | readonly number[];

export interface TinyGguf {
  readonly metadata?: Readonly<Record<string, Written | undefined>>;
  /** By name; all of type F32. */
  readonly tensors?: Readonly<Record<string, readonly number[]>>;
}

/** A policy of two layers: the architecture of Qwen2, turns in ChatML. `undefined` leaves an entry out. */
export const smallestPolicy: TinyGguf = {
  metadata: {
    "general.architecture": "qwen2",
    "qwen2.block_count": 2,
    "qwen2.context_length": 512,
    "qwen2.embedding_length": 8,
    "qwen2.feed_forward_length": 16,
    "qwen2.attention.head_count": 4,
    "qwen2.attention.head_count_kv": 2,
    "tokenizer.ggml.tokens": ["a", "<|im_start|>", "<|im_end|>", "<|endoftext|>"],
    "tokenizer.ggml.token_type": [1, 3, 3, 3],
    "tokenizer.chat_template": "{{ messages }}",
  },
  tensors: { "token_embd.weight": [8, 4], "blk.0.attn_q.weight": [8, 8], "blk.1.attn_q.weight": [8, 8] },
};

/** `base` with entries changed, added, or (undefined) left out. */
export function changed(base: TinyGguf, metadata: TinyGguf["metadata"], tensors: TinyGguf["tensors"] = {}): TinyGguf {
  return { metadata: { ...base.metadata, ...metadata }, tensors: { ...base.tensors, ...tensors } };
}

export function writeGguf(path: string, { metadata = {}, tensors = {} }: TinyGguf = smallestPolicy): string {
  writeFileSync(path, ggufBytes({ metadata, tensors }));
  return path;
}

export function ggufBytes({ metadata = {}, tensors = {} }: TinyGguf): Buffer {
  const entries = Object.entries(metadata).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  let offset = 0;
  const list = Object.entries(tensors).map(([name, shape]) => {
    const at = offset;
    offset += Math.ceil((4 * shape.reduce((all, size) => all * size, 1)) / 32) * 32;
    return Buffer.concat([text(name), u32(shape.length), ...shape.map(u64), u32(0), u64(at)]);
  });
  const header = Buffer.concat([
    Buffer.from("GGUF"),
    ...[u32(3), u64(list.length), u64(entries.length)],
    ...entries.map(([key, value]) => Buffer.concat([text(key), typed(value)])),
    ...list,
  ]);
  const padding = (32 - (header.length % 32)) % 32;
  return Buffer.concat([header, Buffer.alloc(padding + offset)]);
}

const kinds = { bool: 7, text: 8, array: 9, u32: 4, f32: 6 } as const;

function typed(value: Written): Buffer {
  if (typeof value === "string") return Buffer.concat([u32(kinds.text), text(value)]);
  if (typeof value === "boolean") return Buffer.concat([u32(kinds.bool), Buffer.from([Number(value)])]);
  if (typeof value === "number") return Number.isInteger(value) ? Buffer.concat([u32(kinds.u32), u32(value)]) : float(value);
  const of = typeof value[0] === "string" ? kinds.text : kinds.u32;
  const items = value.map((item) => (typeof item === "string" ? text(item) : u32(item)));
  return Buffer.concat([u32(kinds.array), u32(of), u64(value.length), ...items]);
}

function float(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([u32(kinds.f32), bytes]);
}

function text(value: string): Buffer {
  return Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
