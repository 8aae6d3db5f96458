// Writes a LoRA adapter as GGUF, following the format's specification, so that the swap tests need no learner: version 3,
// little-endian; header, key-values, tensor infos, then float32 data aligned to 32 bytes.
import { writeFileSync } from "node:fs";
import { draws } from "../../../src/rng.ts";
import { u32, u64 } from "../../support/tiny-gguf.ts";

/** `scale` 0 makes an adapter that changes nothing. Fits the query projection of SmolLM2-135M's first block (576 x 576). */
export function writeAdapter(path: string, seed: number, scale: number, rank = 4): void {
  const width = 576;
  const { uniform } = draws("adapter file", seed);
  const matrix = () => Float32Array.from({ length: rank * width }, () => (uniform() - 0.5) * scale);
  const tensors = [
    { name: "blk.0.attn_q.weight.lora_a", shape: [width, rank], data: matrix() },
    { name: "blk.0.attn_q.weight.lora_b", shape: [rank, width], data: matrix() },
  ];
  const pairs = [
    text("general.type", "adapter"),
    text("general.architecture", "llama"),
    text("adapter.type", "lora"),
    number("adapter.lora.alpha", rank),
  ];
  let offset = 0;
  const infos = tensors.map(({ name, shape, data }) => {
    const info = Buffer.concat([string(name), u32(shape.length), ...shape.map(u64), u32(0), u64(offset)]);
    offset += data.byteLength;
    return info;
  });
  const head = Buffer.concat([Buffer.from("GGUF"), u32(3), u64(tensors.length), u64(pairs.length), ...pairs, ...infos]);
  const padding = Buffer.alloc((32 - (head.length % 32)) % 32);
  writeFileSync(path, Buffer.concat([head, padding, ...tensors.map(({ data }) => Buffer.from(data.buffer))]));
}

function string(value: string): Buffer {
  return Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
}

/** Value types: 8 is a string, 6 a float32. */
function text(key: string, value: string): Buffer {
  return Buffer.concat([string(key), u32(8), string(value)]);
}

function number(key: string, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([string(key), u32(6), bytes]);
}
