// Calls over a pair of streams: ids, pending promises, the version handshake, the silence timeout. Processes and verbs are
// in torch.ts; tested with streams in memory and real children.
import type { Readable, Writable } from "node:stream";
import { z } from "zod";
import { type Boundary, describe, PlayactError } from "../errors.ts";
import { encodeFrame, type Frame, frameReader, frameTypes, protocolVersion } from "./protocol.ts";
import { type Arrays, writeArrays } from "./safetensors.ts";

export interface ChannelReply {
  readonly head: Frame["head"];
  readonly blob: Uint8Array;
}

export interface Channel {
  /** Resolves with the other side's first frame if its version matches. */
  readonly ready: Promise<void>;
  /**
   * One request; rejects with PlayactError if the learner refuses, fails or has ended.
   * `patience`: longest silence in seconds while it is pending, if longer than `deadlineSeconds`.
   */
  call(verb: string, head: object, arrays?: Arrays, patience?: number): Promise<ChannelReply>;
  /** Fails every pending and every later call with `reason`. Only the first reason counts. */
  fail(reason: PlayactError): void;
  /** Why every call fails from now on; null while the channel works. */
  failure(): PlayactError | null;
}

interface Pending {
  readonly patience: number;
  readonly resolve: (reply: ChannelReply) => void;
  readonly reject: (reason: PlayactError) => void;
}

const idSchema = z.object({ id: z.number().int().nullable() });
const errorSchema = z.object({
  kind: z.enum(["bad_request", "model", "memory", "disk", "internal"]),
  message: z.string(),
});
type FaultKind = z.output<typeof errorSchema>["kind"];
const boundaryOf: Readonly<Record<FaultKind, Boundary>> = {
  bad_request: "learner",
  model: "model",
  memory: "memory",
  disk: "disk",
  internal: "learner",
};
const tickMilliseconds = 1000;

export interface ChannelOptions {
  /** Longest time without any frame; the other side sends a heartbeat every second. */
  readonly deadlineSeconds: number;
  /** The same until the first frame, while the process starts. */
  readonly startSeconds: number;
  /** The other side's last log lines, for failure messages. */
  readonly log: () => string;
  readonly onFailure: (reason: PlayactError) => void;
}

/** Opens the protocol over `input` (from the learner) and `output` (to it). */
export function openChannel(
  streams: { readonly input: Readable; readonly output: Writable },
  { deadlineSeconds, startSeconds, log, onFailure }: ChannelOptions,
): Channel {
  const { input, output } = streams;
  const pending = new Map<number, Pending>();
  const ready = withResolvers<void>();
  ready.promise.catch(() => {}); // its failure also fails every call, so it need not be awaited
  let failure: PlayactError | undefined;
  let greeted = false;
  let nextId = 1;
  // Silence is counted in ticks of our own event loop, not by the clock: after a suspend or long synchronous work here,
  // unread heartbeats wait in the pipe, and the clock would report silence that is not the learner's.
  let silentTicks = 0;
  const watch = setInterval(() => {
    silentTicks += 1;
    const [current] = pending.values(); // calls run in order: the oldest is running
    const patience = greeted ? (current?.patience ?? deadlineSeconds) : startSeconds;
    if (silentTicks * tickMilliseconds > patience * 1000) {
      const silence = `the learner has been silent for ${patience} s (it sends a heartbeat every second): it hangs`;
      fail(new PlayactError("learner", silence + lastLines(log())));
    }
  }, tickMilliseconds);

  function fail(reason: PlayactError): void {
    if (failure !== undefined) return;
    failure = reason;
    clearInterval(watch);
    ready.reject(reason);
    for (const call of pending.values()) call.reject(reason);
    pending.clear();
    onFailure(reason);
  }

  function receive(frame: Frame): void {
    silentTicks = 0;
    if (!greeted) {
      greet(frame);
      greeted = true;
      ready.resolve();
      return;
    }
    if (frame.type === frameTypes.heartbeat) return;
    const id = idSchema.safeParse(frame.head).data?.id ?? null;
    const call = id === null ? undefined : pending.get(id);
    if (id === null || call === undefined) {
      throw new PlayactError("learner", `the learner answered an unknown call: ${JSON.stringify(frame.head).slice(0, 400)}`);
    }
    const refused = frame.type === frameTypes.reply ? null : refusal(frame); // may throw: the call must still be pending
    pending.delete(id);
    if (refused === null) call.resolve({ head: frame.head, blob: frame.blob });
    else call.reject(refused);
  }

  const read = frameReader();
  input.on("data", (chunk: Buffer) => {
    if (failure !== undefined) return;
    try {
      for (const frame of read(chunk)) receive(frame);
    } catch (thrown) {
      fail(new PlayactError("learner", describe(thrown) + lastLines(log()), { cause: thrown }));
    }
  });
  // A broken pipe means that the child exited, which torch.ts reports in more detail; ignored here on purpose.
  input.on("error", () => {});
  output.on("error", () => {});
  output.write(encodeFrame({ type: frameTypes.hello, head: { protocol: protocolVersion }, blob: new Uint8Array() }));

  return {
    ready: ready.promise,
    fail,
    failure: () => failure ?? null,
    call(verb, head, arrays, patience = deadlineSeconds) {
      return new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        const id = nextId++;
        const blob = arrays === undefined ? new Uint8Array() : writeArrays(arrays);
        const bytes = encodeFrame({ type: frameTypes.request, head: { ...head, id, verb }, blob });
        pending.set(id, { patience, resolve, reject });
        output.write(bytes);
      });
    },
  };
}

/** The end of a failure's message: the other side's last log lines. */
export function lastLines(log: string): string {
  return log === "" ? "" : `. Its last lines:\n${log}`;
}

function greet(frame: Frame): void {
  const theirs = frame.head.protocol;
  if (frame.type === frameTypes.hello && theirs === protocolVersion) return;
  throw new PlayactError(
    "learner",
    `the learner uses protocol ${String(theirs)}, this Playact ${protocolVersion}: install the same version of both`,
  );
}

function refusal(frame: Frame): PlayactError {
  const { kind, message } = errorSchema.parse(frame.head);
  return new PlayactError(boundaryOf[kind], `learner: ${message}`);
}

/** Promise.withResolvers, which Node 20 lacks. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (reason: unknown) => void } {
  let settle: { resolve: (value: T) => void; reject: (reason: unknown) => void } | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  if (settle === undefined) throw new Error("unreachable: a promise's executor runs at once");
  return { promise, ...settle };
}
