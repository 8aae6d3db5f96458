// The learner in a Python child (native/trainer): torch and PEFT behind the port. Starts it, converts verbs to frames and
// back, and ends it: end of input, SIGTERM, SIGKILL. The child exits by itself if this process dies (native/trainer/serve.py).
import { type ChildProcess, spawn } from "node:child_process";
import { delimiter, join, resolve } from "node:path";
import { Readable, Writable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { PlayactError } from "../errors.ts";
import { commandLine } from "../models/installation.ts";
import { pythonStart } from "../models/python.ts";
import { type Channel, lastLines, openChannel } from "./channel.ts";
import type { Learner, LearnerSample, OpenRequest, SavedAdapter, UpdateReply, UpdateRequest } from "./learner.ts";
import { type Arrays, readFloats } from "./safetensors.ts";

export interface LearnerOptions {
  /** Path of a Python interpreter with native/requirements.txt installed. */
  readonly python: string;
  /** Added to the inherited environment (which is passed on without its secrets). */
  readonly env?: Readonly<Record<string, string>>;
  /** Longest silence of the child, which sends a heartbeat every second. */
  readonly deadlineSeconds: number;
  /** The same until its hello. */
  readonly startSeconds?: number;
  /** The same while it opens, saves, restores, rests or wakes: imports and file writing hold Python's global lock for seconds. */
  readonly fileSeconds?: number;
  /** Devices to train on, each with its own process under torchrun (native/trainer/launch.py). Default 1. */
  readonly processes?: number;
  /** Module to run instead of `trainer`: the tests' light children, which use the same protocol. */
  readonly module?: string;
}

/** A learner in a process: its id, for logs and tests, and why it ended (null while it runs). */
export interface TorchLearner extends Learner {
  readonly pid: number;
  failure(): PlayactError | null;
}

const openReply = z.object({
  device: z.string(),
  dtype: z.string(),
  torch: z.string(),
  vocabulary: z.number(),
  trainableParameters: z.number(),
});
const updateReply = z.object({ metrics: z.record(z.string(), z.number().nullable()), digests: z.array(z.string()) });
const restReply = z.object({ held: z.number() });
const saveReply = z.object({ gguf: z.string(), files: z.record(z.string(), z.string()) });

const closed = new PlayactError("learner", "the learner was closed");
const memoryHint = " (Linux kills the largest process this way when memory runs out)";

/** Starts the child and waits for its hello. Throws PlayactError: "environment" if Python cannot start, else "learner". */
export async function startLearner(options: LearnerOptions): Promise<TorchLearner> {
  const { deadlineSeconds, startSeconds = 60, fileSeconds = 60, module = "trainer", processes = 1 } = options;
  const program = processes === 1 ? [module, String(process.pid)] : [`${module}.launch`, String(process.pid), String(processes)];
  const child = spawn(options.python, [...pythonStart.flags, "-m", ...program], {
    cwd: pythonStart.cwd,
    env: {
      ...inherited(),
      ...(processes === 1 ? {} : shownCards()),
      ...options.env,
      PYTHONPATH: [pythonStart.cwd, process.env.PYTHONPATH].filter(Boolean).join(delimiter), // as set-up and doctor look
      PYTHONUNBUFFERED: "1",
      PYTHONDONTWRITEBYTECODE: "1", // for the ranks of torchrun, which -B does not reach
    },
    stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
  });
  const log = tail(child);
  const [toChild, fromChild] = [child.stdio[3], child.stdio[4]];
  if (!(toChild instanceof Writable && fromChild instanceof Readable)) {
    throw new PlayactError("environment", `the learner's pipes could not be opened (too many open files?)`);
  }
  const channel = openChannel(
    { input: fromChild, output: toChild },
    {
      deadlineSeconds,
      startSeconds,
      log,
      onFailure: (reason) => {
        if (reason === closed) return;
        child.kill("SIGKILL");
        toChild.destroy(); // with several processes, the killed one may not be the one that reads it
      },
    },
  );
  const gone = new Promise<void>((done) => {
    child.once("error", (cause) => {
      const message = `expected Python at ${options.python}, but it does not start (${cause.message}). Make its environment with: ${commandLine("setup")}`;
      channel.fail(new PlayactError("environment", message, { cause }));
      done();
    });
    child.once("close", (code, signal) => {
      const how = signal === null ? `exit code ${code}` : `signal ${signal}${signal === "SIGKILL" ? memoryHint : ""}`;
      channel.fail(new PlayactError("learner", `the learner ended with ${how}${lastLines(log())}`));
      done();
    });
  });
  await channel.ready;
  return {
    pid: child.pid ?? 0,
    failure: channel.failure,
    ...verbs(channel, fileSeconds),
    close: () => close(child, toChild, channel, gone),
  };
}

function verbs(channel: Channel, patience: number): Omit<Learner, "close"> {
  return {
    async open(request: OpenRequest) {
      const { head } = await channel.call("open", { ...request, model: resolve(request.model) }, undefined, patience);
      return openReply.parse(head);
    },
    async logprobs(samples, which, temperature) {
      const lengths = samples.map((ids) => ids.length);
      const arrays = { ids: Int32Array.from(samples.flat()), lengths: Int32Array.from(lengths) };
      const { blob } = await channel.call("logprobs", { which, temperature }, arrays);
      return cut(readFloats(blob, "logprobs"), lengths);
    },
    async update(request: UpdateRequest): Promise<UpdateReply> {
      const samples = request.minibatches.flat();
      const minibatches = request.minibatches.map((samples) => samples.length);
      const head = { minibatches, loss: request.loss, learningRate: request.learningRate };
      const reply = await channel.call("update", head, columns(samples));
      const { metrics: reported, digests } = updateReply.parse(reply.head);
      const metrics = Object.entries(reported).map(([name, value]) => [name, value ?? Number.NaN]);
      const logprobs = cut(
        readFloats(reply.blob, "logprobs"),
        samples.map((sample) => sample.ids.length),
      );
      return { metrics: Object.fromEntries(metrics), logprobs, digests };
    },
    async save(path): Promise<SavedAdapter> {
      const folder = resolve(path);
      const { gguf, files } = saveReply.parse((await channel.call("save", { folder }, undefined, patience)).head);
      return { folder, gguf: join(folder, gguf), hash: files[gguf] ?? "", files };
    },
    async restore(path) {
      await channel.call("restore", { folder: resolve(path) }, undefined, patience);
    },
    async rest(keep) {
      return restReply.parse((await channel.call("rest", { keep }, undefined, patience)).head).held;
    },
    async wake() {
      await channel.call("wake", {}, undefined, patience);
    },
  };
}

/** Ends the input, then the process: SIGTERM after 2 s, SIGKILL after another 2 s. Idempotent. */
async function close(child: ChildProcess, input: Writable, channel: Channel, gone: Promise<void>): Promise<void> {
  channel.fail(closed);
  input.end();
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (await endsWithin(2000, gone)) return;
    child.kill(signal);
  }
  await gone;
}

async function endsWithin(milliseconds: number, gone: Promise<void>): Promise<boolean> {
  const timer = new AbortController();
  const late = wait(milliseconds, false, { signal: timer.signal }).catch(() => false);
  const ended = await Promise.race([gone.then(() => true), late]);
  timer.abort();
  return ended;
}

/** Samples as flat arrays, concatenated. */
function columns(samples: readonly LearnerSample[]): Arrays {
  return {
    lengths: Int32Array.from(samples, (sample) => sample.ids.length),
    ids: Int32Array.from(samples.flatMap((sample) => sample.ids)),
    mask: Uint8Array.from(samples.flatMap((sample) => sample.mask)),
    logprobs: Float32Array.from(samples.flatMap((sample) => sample.logprobs)),
    advantages: Float32Array.from(samples.flatMap((sample) => sample.advantages)),
    rollouts: Int32Array.from(samples, (sample) => sample.rollout ?? -1),
    guides: Uint8Array.from(samples, (sample) => (sample.guide ? 1 : 0)),
  };
}

function cut(values: Float32Array, lengths: readonly number[]): number[][] {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (values.length !== total)
    throw new PlayactError("learner", `expected ${total} numbers from the learner, got ${values.length}`);
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return Array.from(values.subarray(end - length, end));
  });
}

/** Everything that the child prints is a log; its last lines explain why it ended. */
function tail(child: ChildProcess): () => string {
  let text = "";
  const keep = (chunk: Buffer) => {
    text = (text + chunk.toString("utf8")).slice(-8000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return () => text.trimEnd().split("\n").slice(-12).join("\n");
}

/** Every card that the user shows: this process itself sees the first alone (cli/native-environment.ts). */
function shownCards({ PLAYACT_CARDS: cards }: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  if (cards === undefined) return {};
  return { CUDA_VISIBLE_DEVICES: cards === "" ? undefined : cards };
}

/** The environment without what looks like a secret: the learner reads local files only. */
function inherited(): NodeJS.ProcessEnv {
  const secret = /TOKEN|SECRET|PASSWORD|CREDENTIAL|_KEY$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !secret.test(name)));
}
