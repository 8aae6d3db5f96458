// Arrays on the bridge in the safetensors layout: u64 header length, JSON header (dtype, shape, offsets), raw data.
// Only flat arrays; model files are not read here. The Python twin uses the safetensors library.
import { PlayactError } from "../errors.ts";

export type Flat = Int32Array | Float32Array | Uint8Array;
export type Arrays = Readonly<Record<string, Flat>>;

const dtypes = { I32: Int32Array, F32: Float32Array, U8: Uint8Array } as const;
type Dtype = keyof typeof dtypes;

/** Bytes of named flat arrays (little-endian, like all of Node's platforms). */
export function writeArrays(arrays: Arrays): Uint8Array {
  let end = 0;
  const header = Object.entries(arrays).map(([name, array]) => {
    const start = end;
    end += array.byteLength;
    return [name, { dtype: dtypeOf(array), shape: [array.length], data_offsets: [start, end] }] as const;
  });
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const padded = Math.ceil(json.length / 8) * 8; // the data starts aligned; the header is padded with spaces
  const bytes = new Uint8Array(8 + padded + end).fill(0x20, 8 + json.length, 8 + padded);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, 8);
  let at = 8 + padded;
  for (const array of Object.values(arrays)) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += array.byteLength;
  }
  return bytes;
}

/** The float32 array `name` of a blob, flattened. Throws PlayactError("learner") if it is missing. */
export function readFloats(blob: Uint8Array, name: string): Float32Array {
  try {
    const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
    const data = 8 + Number(view.getBigUint64(0, true));
    const entry = JSON.parse(new TextDecoder().decode(blob.subarray(8, data)))[name];
    const [start, end]: [number, number] = entry.data_offsets;
    if (entry.dtype !== "F32" || !(start >= 0 && end >= start && data + end <= blob.length)) throw new RangeError("bad offsets");
    return new Float32Array(Uint8Array.from(blob.subarray(data + start, data + end)).buffer); // a copy: float32 must be aligned
  } catch (cause) {
    throw new PlayactError("learner", `expected float32 numbers "${name}" from the learner, but they cannot be read`, { cause });
  }
}

function dtypeOf(array: Flat): Dtype {
  if (array instanceof Int32Array) return "I32";
  return array instanceof Float32Array ? "F32" : "U8";
}
