// The header of a GGUF file: its metadata, and which tensors lie where. Read from the first megabytes alone, before any engine is
// loaded, so that a wrong file is refused in milliseconds whatever its size. Format: ggml/docs/gguf.md, versions 2 and 3.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { describe, PlayactError } from "../errors.ts";

export type GgufValue = number | string | boolean | readonly GgufValue[];

export interface GgufTensor {
  readonly name: string;
  /** "Q4_K", "F32" ... */
  readonly type: string;
  readonly values: number;
  readonly bytes: number;
}

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensor[];
}

/** ggml_type: name, values of a block, bytes of a block. */
const types: Readonly<Record<number, readonly [name: string, values: number, bytes: number]>> = {
  0: ["F32", 1, 4],
  1: ["F16", 1, 2],
  2: ["Q4_0", 32, 18],
  3: ["Q4_1", 32, 20],
  6: ["Q5_0", 32, 22],
  7: ["Q5_1", 32, 24],
  8: ["Q8_0", 32, 34],
  10: ["Q2_K", 256, 84],
  11: ["Q3_K", 256, 110],
  12: ["Q4_K", 256, 144],
  13: ["Q5_K", 256, 176],
  14: ["Q6_K", 256, 210],
  15: ["Q8_K", 256, 292],
  16: ["IQ2_XXS", 256, 66],
  17: ["IQ2_XS", 256, 74],
  18: ["IQ3_XXS", 256, 98],
  19: ["IQ1_S", 256, 50],
  20: ["IQ4_NL", 32, 18],
  21: ["IQ3_S", 256, 110],
  22: ["IQ2_S", 256, 82],
  23: ["IQ4_XS", 256, 136],
  29: ["IQ1_M", 256, 56],
  30: ["BF16", 1, 2],
  34: ["TQ1_0", 256, 54],
  35: ["TQ2_0", 256, 66],
  39: ["MXFP4", 32, 17],
};

/** More than any model has: a larger number is damage, not data. */
const most = { entries: 100_000, tensors: 1_000_000, items: 20_000_000, dimensions: 8 } as const;

/**
 * Reads a header, and compares what it lists with the file's size.
 * @throws PlayactError("model") for a file that cannot be read, is no GGUF, or is cut short
 */
export function readGguf(path: string): GgufHeader {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    const { size } = fstatSync(file);
    return headerOf(openCursor(file, size, path), size, path);
  } catch (error) {
    if (error instanceof PlayactError) throw error;
    throw unreadable(path, error); // a folder, a failing disk
  } finally {
    closeSync(file);
  }
}

function headerOf(cursor: Cursor, size: number, path: string): GgufHeader {
  if (size < 4 || cursor.take(4).toString("latin1") !== "GGUF")
    throw new PlayactError("model", `${path} is no GGUF file: it does not begin with "GGUF". Give a model file in that format.`);
  const version = cursor.u32();
  if (version !== 2 && version !== 3)
    throw new PlayactError("model", `${path} is a GGUF file of version ${version}; Playact reads versions 2 and 3.`);
  const tensorCount = cursor.count(most.tensors);
  const entries = cursor.count(most.entries);
  const metadata = new Map<string, GgufValue>();
  for (let entry = 0; entry < entries; entry++) metadata.set(cursor.text(), cursor.value(cursor.u32()));

  const tensors: (GgufTensor & { readonly offset: number })[] = [];
  for (let n = 0; n < tensorCount; n++) {
    const name = cursor.text();
    const dimensions = cursor.u32();
    if (dimensions > most.dimensions) throw damaged(path);
    let values = 1;
    for (let d = 0; d < dimensions; d++) values *= cursor.u64();
    const number = cursor.u32();
    const [type, blockValues, blockBytes] = types[number] ?? [`type ${number}`, 1, 0]; // of unknown size: only its start is checked
    tensors.push({ name, type, values, bytes: (values / blockValues) * blockBytes, offset: cursor.u64() });
  }
  const alignment = Number(metadata.get("general.alignment") ?? 32);
  const data = Math.ceil(cursor.position() / alignment) * alignment;
  const end = tensors.reduce((last, { offset, bytes }) => Math.max(last, data + offset + bytes), cursor.position());
  if (end > size) throw cutShort(path, end, size);
  return { metadata, tensors: tensors.map(({ offset: _, ...tensor }) => tensor) };
}

interface Cursor {
  take(bytes: number): Buffer;
  u32(): number;
  u64(): number;
  /** A u64 that counts something. */
  count(limit: number): number;
  text(): string;
  value(type: number): GgufValue;
  position(): number;
}

const blockBytes = 1 << 20;

/** Reads forward, a megabyte at a time. */
function openCursor(file: number, size: number, path: string): Cursor {
  let [buffer, start, at] = [Buffer.alloc(0), 0, 0]; // `buffer` holds the file from `start`; `at` is the next byte in it
  const take = (bytes: number): Buffer => {
    if (at + bytes > buffer.length) {
      start += at;
      at = 0;
      if (start + bytes > size) throw cutShort(path, null, size);
      buffer = Buffer.alloc(Math.min(Math.max(bytes, blockBytes), size - start));
      for (let read = 0; read < buffer.length; ) {
        const came = readSync(file, buffer, read, buffer.length - read, start + read);
        if (came === 0) throw cutShort(path, null, size);
        read += came;
      }
    }
    at += bytes;
    return buffer.subarray(at - bytes, at);
  };
  const u32 = () => take(4).readUInt32LE();
  const u64 = () => Number(take(8).readBigUInt64LE());
  const count = (limit: number) => {
    const number = u64();
    if (number > limit) throw damaged(path);
    return number;
  };
  const text = () => take(u64()).toString("utf8");
  const value = (type: number): GgufValue => {
    const read = scalars[type];
    if (read !== undefined) return read(take);
    if (type === 8) return text();
    if (type !== 9) throw damaged(path);
    const of = u32();
    return Array.from({ length: count(most.items) }, () => value(of));
  };
  return { take, u32, u64, count, text, value, position: () => start + at };
}

type Take = (bytes: number) => Buffer;

/** gguf_metadata_value_type: all but text (8) and array (9). */
const scalars: Readonly<Record<number, (take: Take) => GgufValue>> = {
  0: (take) => take(1).readUInt8(),
  1: (take) => take(1).readInt8(),
  2: (take) => take(2).readUInt16LE(),
  3: (take) => take(2).readInt16LE(),
  4: (take) => take(4).readUInt32LE(),
  5: (take) => take(4).readInt32LE(),
  6: (take) => take(4).readFloatLE(),
  7: (take) => take(1).readUInt8() !== 0,
  10: (take) => Number(take(8).readBigUInt64LE()),
  11: (take) => Number(take(8).readBigInt64LE()),
  12: (take) => take(8).readDoubleLE(),
};

function unreadable(path: string, error: unknown): PlayactError {
  return new PlayactError("model", `The model file ${path} cannot be read (${describe(error)}). Check the path.`);
}

function cutShort(path: string, end: number | null, size: number): PlayactError {
  const missing = end === null ? "it ends within its header" : `its header lists tensors up to byte ${end}`;
  return new PlayactError("model", `${path} is cut short: ${missing}, and the file has ${size} bytes. Fetch or copy it again.`);
}

function damaged(path: string): PlayactError {
  return new PlayactError("model", `The header of ${path} is damaged. Fetch or copy the file again.`);
}
