// The bridge between the loop and the learner: frames and arrays. Twin of native/trainer/protocol.py.
//
// frame   = u32 payload length, u8 type, u32 crc32 of the payload, payload        (integers little-endian)
// payload = u32 head length, head (JSON object, UTF-8), blob (safetensors, or nothing)
// The first frame in each direction is `hello`. Requests go to the child's fd 3, everything else comes from its fd 4.
// Both twins are tested against test/fixtures/frames.json. Not here: ids, pending calls (channel.ts), verbs (torch.ts).
import { crc32 } from "node:zlib";
import { z } from "zod";
import { PlayactError } from "../errors.ts";

export const protocolVersion = 2;
export const frameTypes = { hello: 1, request: 2, reply: 3, error: 4, heartbeat: 5 } as const;
export type FrameType = (typeof frameTypes)[keyof typeof frameTypes];
/**
 * Bytes; about eighty million tokens in one request, which is more than twice what a step of any preset can send. It refuses a length
 * that is none; memory is taken as bytes arrive.
 */
export const largestPayload = 1024 * 1024 * 1024;

export interface Frame {
  readonly type: FrameType;
  readonly head: Readonly<Record<string, unknown>>;
  /** Safetensors bytes; empty if the frame has no arrays. */
  readonly blob: Uint8Array;
}

const headerBytes = 9;
const headSchema = z.record(z.string(), z.unknown());
const typeSchema = z.literal(Object.values(frameTypes));

/** Bytes of a frame. Throws PlayactError("learner") above `largestPayload`. */
export function encodeFrame(frame: Frame): Buffer {
  const head = Buffer.from(JSON.stringify(frame.head));
  const length = 4 + head.length + frame.blob.length;
  if (length > largestPayload) {
    throw new PlayactError(
      "learner",
      `a frame of ${length} bytes is larger than the limit of ${largestPayload}: one step is trained in one request. Start a run whose steps are smaller (tasks.perStep, rollout.groupSize, rollout.responseTokens)`,
    );
  }
  const bytes = Buffer.alloc(headerBytes + length);
  bytes.writeUInt32LE(length, 0);
  bytes.writeUInt8(frame.type, 4);
  bytes.writeUInt32LE(head.length, headerBytes);
  head.copy(bytes, headerBytes + 4);
  bytes.set(frame.blob, headerBytes + 4 + head.length);
  bytes.writeUInt32LE(crc32(bytes.subarray(headerBytes)), 5);
  return bytes;
}

/** A reader that takes chunks as they arrive and returns the complete frames. Throws PlayactError for a damaged stream. */
export function frameReader(): (chunk: Uint8Array) => Frame[] {
  let chunks: Uint8Array[] = [];
  let held = 0;
  let wanted = headerBytes; // chunks are joined only at this size, so that many small ones do not cause quadratic copying
  return (chunk) => {
    chunks.push(chunk);
    held += chunk.length;
    const frames: Frame[] = [];
    while (held >= wanted) {
      const bytes: Buffer = chunks.length === 1 && Buffer.isBuffer(chunks[0]) ? chunks[0] : Buffer.concat(chunks);
      const length = announcedLength(bytes);
      if (bytes.length >= headerBytes + length) {
        frames.push(decodeFrame(bytes.subarray(0, headerBytes + length)));
        chunks = [bytes.subarray(headerBytes + length)];
        wanted = headerBytes;
      } else {
        chunks = [bytes];
        wanted = headerBytes + length;
      }
      held = chunks[0]?.length ?? 0;
    }
    return frames;
  };
}

function announcedLength(bytes: Buffer): number {
  const length = bytes.readUInt32LE(0);
  if (length < 4 || length > largestPayload)
    throw damaged(`a frame of ${length} bytes was announced; the limit is ${largestPayload}`);
  if (!typeSchema.safeParse(bytes.readUInt8(4)).success) throw damaged(`received a frame of unknown type ${bytes.readUInt8(4)}`);
  return length;
}

function decodeFrame(bytes: Buffer): Frame {
  const payload = bytes.subarray(headerBytes);
  if (crc32(payload) !== bytes.readUInt32LE(5)) throw damaged("a frame's checksum is wrong");
  const headLength = payload.readUInt32LE(0);
  if (4 + headLength > payload.length) throw damaged(`a head of ${headLength} bytes does not fit its frame of ${payload.length}`);
  return {
    type: typeSchema.parse(bytes.readUInt8(4)),
    head: parseHead(payload.toString("utf8", 4, 4 + headLength)),
    blob: payload.subarray(4 + headLength),
  };
}

function parseHead(json: string): Readonly<Record<string, unknown>> {
  try {
    return headSchema.parse(JSON.parse(json));
  } catch (cause) {
    throw damaged("a frame's head is not a JSON object", cause);
  }
}

function damaged(what: string, cause?: unknown): PlayactError {
  return new PlayactError("learner", `the learner's stream is damaged (${what}): nothing after it can be trusted`, { cause });
}
