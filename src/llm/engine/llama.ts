// Opens the models in this process: a policy context (with adapters), a simulator context (without), or an engine of both. A file
// used for both roles is loaded once. node-llama-cpp must not download or build anything here.
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { getLlama, type Llama, LlamaLogLevel } from "node-llama-cpp";
import type { Config } from "../../config/config.ts";
import { PlayactError } from "../../errors.ts";
import { type Engine, join, type PolicySide, type SimulatorSide } from "../llm.ts";
import { chatFormat } from "../text/chat-format.ts";
import { promptWriter } from "../text/prompt.ts";
import { bindingsOf } from "./addon.ts";
import { openChatModel } from "./chat.ts";
import { type EngineModel, openEngineModel } from "./llama-model.ts";
import { repacked } from "./llama-repacked.ts";
import { openSeat, type Seat } from "./llama-seat.ts";
import { type SeatFiles, sequencesOf } from "./llama-slots.ts";
import { createLock, type Lock } from "./lock.ts";
import { whyNotOnCard } from "./nvidia.ts";
import { openPolicy } from "./policy.ts";

/** Settings of an engine; who rests when is the run's to decide (run/residency.ts). */
type EngineSettings = Omit<Config["engine"], "residency">;

/**
 * Options of the policy's side. Contexts are in tokens PER sequence (node-llama-cpp multiplies by the sequences and pads up to
 * 256). `fast`: many sequences in one batch, computed prefixes reused. `reproducible`: one request at a time, every id computed
 * again, so that a sample depends only on its ids, seed and adapter: bit-equal on a CPU from run to run. In `fast` a quantised
 * model's log-probs depend on what else is in the batch (measured by scripts/measure-modes.mjs).
 */
export interface PolicyOptions extends Readonly<EngineSettings> {
  /** GGUF file of the model to train. */
  readonly policyModel: string;
  /** All layers on the GPU, as a memory plan has it; otherwise as many as fit at that moment. */
  readonly wholeOnGpu?: boolean;
}

/** Options of both sides; without a simulator file the policy's model without its adapter is the simulator. */
export interface EngineOptions extends PolicyOptions {
  /** May be the policy's file, which is then loaded once. */
  readonly simulatorModel: string | null;
}

/**
 * Loads the models and opens their contexts. @throws PlayactError("model" | "environment" | "memory" | "engine") with one
 * sentence.
 */
export function openEngine(options: EngineOptions): Promise<Engine> {
  const policyModel = resolve(options.policyModel);
  const simulatorModel = options.simulatorModel === null ? policyModel : resolve(options.simulatorModel);
  return opened(options, { policy: policyModel, simulator: simulatorModel }, async (llama) => {
    const file = await llama.load(policyModel);
    const other = simulatorModel === policyModel ? file : await llama.load(simulatorModel);
    const policy = await policySide(llama, file);
    return join(policy, await simulatorSide(llama, other, nothing));
  });
}

/** The policy alone, for a simulator on a server or for nothing but its turns. Throws likewise. */
export function openPolicySide(options: PolicyOptions): Promise<PolicySide> {
  const { policyModel } = options;
  return opened(options, { policy: policyModel, simulator: null }, async (llama) =>
    policySide(llama, await llama.load(policyModel)),
  );
}

/** The simulator alone. Throws likewise. */
export function openSimulatorSide(
  options: Omit<EngineOptions, "policyModel"> & { readonly simulatorModel: string },
): Promise<SimulatorSide> {
  const { simulatorModel } = options;
  return opened(options, { policy: simulatorModel, simulator: simulatorModel }, async (llama) =>
    simulatorSide(llama, await llama.load(simulatorModel), llama),
  );
}

/** llama.cpp with what was loaded and opened on it. */
interface Opened extends Owned {
  readonly llama: Llama;
  /** No layer is on a GPU. */
  readonly onCpu: boolean;
  /** Rest, wake and close of all sides: one after the other. */
  readonly changes: Lock;
  load(path: string): Promise<EngineModel>;
  seat(role: "policy" | "simulator", file: EngineModel): Promise<Seat>;
  /** Bytes that models and contexts hold on the GPU; without one, those of this process. */
  memory(): number;
}

/** What a side frees and loads again beside its context, and closes at the end. */
interface Owned {
  /** Frees the weights; all contexts must be freed before. */
  restFiles(): Promise<void>;
  wakeFiles(): Promise<void>;
  close(): Promise<void>;
}

/** Of a side whose weights are another's too, which sees to them. */
const nothing: Owned = { restFiles: async () => undefined, wakeFiles: async () => undefined, close: async () => undefined };

type OpenOptions = Readonly<EngineSettings> & Pick<PolicyOptions, "wholeOnGpu">;

/** Starts llama.cpp and opens a part of it; if that fails, everything is freed again. */
async function opened<T>(options: OpenOptions, models: SeatFiles, open: (llama: Opened) => Promise<T>): Promise<T> {
  const threads = options.threads ?? availableParallelism();
  const llama = await startLlama(options.gpu, threads);
  const onCpu = llama.gpu === false || options.gpu === "off"; // Apple's one build has Metal
  const [files, seats]: [EngineModel[], Seat[]] = [[], []];
  const close = async () => {
    for (const seat of seats) await seat.rest();
    for (const file of files) await file.close();
    await llama.dispose();
  };
  try {
    const sequencesBy = await sequencesOf(models, options, llama);
    const [bindings, lock] = [bindingsOf(llama), createLock()];
    const reproducible = options.mode === "reproducible";
    return await open({
      llama,
      onCpu,
      changes: createLock(),
      close,
      async restFiles() {
        for (const file of files) await file.rest();
      },
      async wakeFiles() {
        for (const file of files) await file.wake();
      },
      memory: () => (llama.gpu === "cuda" ? onCard([...files, ...seats]) : process.memoryUsage.rss()),
      async load(path) {
        const layers = options.gpu === "off" ? 0 : options.wholeOnGpu ? "max" : "auto";
        const file = await openEngineModel(llama, onCpu ? await repacked(path) : path, layers);
        files.push(file);
        return file;
      },
      async seat(role, file) {
        const [sequences, contextTokens] = [sequencesBy[role], options[`${role}Context`]];
        const shape = { sequences, contextTokens, threads, onCpu, reproducible };
        const seat = await openSeat(file, { role, bindings, lock, ...shape });
        seats.push(seat);
        return seat;
      },
    });
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function policySide(opened: Opened, file: EngineModel): Promise<PolicySide> {
  const { llama, changes } = opened;
  chatFormat(file.vocabulary); // one that is unknown is reported before anything is sampled
  const seat = await opened.seat("policy", file);
  const policy = openPolicy(seat.parts);
  return {
    vocabulary: file.vocabulary,
    chatTemplate: file.chatTemplate,
    get policy() {
      return policy.current();
    },
    swap: policy.swap,
    score: policy.score,
    rest(keep) {
      seat.refuse();
      return changes.take(async () => {
        await seat.drain();
        await policy.rest();
        await seat.rest();
        if (keep === "nothing") await opened.restFiles();
        return llama.gpu === false ? process.memoryUsage.rss() : (await llama.getVramState()).used;
      });
    },
    wake: () =>
      changes.take(async () => {
        await opened.wakeFiles();
        await policy.wake(await seat.wake()); // before it samples: without its adapter it would be the base model
        seat.admit();
      }),
    counters: seat.counters,
    sequences: seat.sequences,
    memory: opened.memory,
    device: opened.onCpu ? "cpu" : await deviceOf(llama),
    weights: file.weights,
    async [Symbol.asyncDispose]() {
      await seat.close();
      await changes.take(async () => {
        await policy.close();
        await opened.close();
      });
    },
  };
}

async function simulatorSide(opened: Opened, file: EngineModel, owned: Owned): Promise<SimulatorSide> {
  const { changes } = opened;
  const seat = await opened.seat("simulator", file);
  return {
    simulator: openChatModel(seat.parts, promptWriter(file.vocabulary, file.chatTemplate)),
    rest(keep) {
      seat.refuse();
      return changes.take(async () => {
        await seat.drain();
        await seat.rest();
        if (keep === "nothing") await owned.restFiles();
      });
    },
    wake: () =>
      changes.take(async () => {
        await owned.wakeFiles();
        await seat.wake();
        seat.admit();
      }),
    counters: seat.counters,
    sequences: seat.sequences,
    weights: file.weights,
    async [Symbol.asyncDispose]() {
      await seat.close();
      await changes.take(owned.close);
    },
  };
}

/**
 * "auto" uses CUDA or Metal if a prebuilt binary works, else the CPU.
 * @throws PlayactError("environment") if none works, or if "on" would use the CPU
 */
export async function startLlama(gpu: EngineOptions["gpu"], threads: number): Promise<Llama> {
  const llama = await loadLlama(gpu, threads);
  if (gpu !== "on" || llama.gpu !== false) return llama;
  await llama.dispose();
  const why = (await whyNotOnCard()) ?? "Neither CUDA (nvidia-smi does not answer) nor Metal is available.";
  throw new PlayactError("environment", `engine.gpu is on, but the engine cannot use a GPU. ${why}`);
}

/** The build without a GPU. For Apple silicon there is one build alone, with Metal: then no layer is given to the GPU. */
export const buildWithoutGpu = process.platform === "darwin" && process.arch === "arm64" ? "metal" : false;

async function loadLlama(gpu: EngineOptions["gpu"], threads: number): Promise<Llama> {
  try {
    return await getLlama({
      gpu: gpu === "off" ? buildWithoutGpu : { type: "auto", exclude: ["vulkan"] },
      build: "never",
      skipDownload: true,
      progressLogs: false,
      logLevel: LlamaLogLevel.error,
      // a model's errors reach the user as PlayactErrors
      logger: () => undefined,
      maxThreads: threads,
      // what stays free is the plan's to say: a second margin would refuse a context that fits
      vramPadding: 0,
      ramPadding: 0,
    });
  } catch (thrown) {
    throw new PlayactError(
      "environment",
      `node-llama-cpp has no prebuilt llama.cpp that runs here (${process.platform} ${process.arch}), and Playact does not build one: run "npx node-llama-cpp source download" once, then start again.`,
      { cause: thrown },
    );
  }
}

/** Bytes on the card. */
function onCard(holders: readonly (EngineModel | Seat)[]): number {
  return holders.reduce((sum, one) => sum + one.bytes(), 0);
}

/** "cpu", "metal", or CUDA with its GPUs. */
export async function deviceOf(llama: Llama): Promise<string> {
  if (llama.gpu === false) return "cpu";
  return llama.gpu === "metal" ? "metal" : `${llama.gpu} (${(await llama.getGpuDeviceNames()).join(", ")})`;
}
