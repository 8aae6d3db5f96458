// Opens the models in this process: one engine with a policy context (with adapters) and a simulator context (without). A file
// used for both roles is loaded once. node-llama-cpp must not download or build anything here.
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { getLlama, type Llama, LlamaLogLevel } from "node-llama-cpp";
import type { Config } from "../../config/config.ts";
import { PlayactError } from "../../errors.ts";
import type { Engine } from "../llm.ts";
import { bindingsOf } from "./addon.ts";
import { openChatModel } from "./chat.ts";
import { type EngineModel, openEngineModel } from "./llama-model.ts";
import { repacked } from "./llama-repacked.ts";
import { openSeat, type Seat } from "./llama-seat.ts";
import { affordableSequences } from "./llama-slots.ts";
import { createLock } from "./lock.ts";
import { whyNotOnCard } from "./nvidia.ts";
import { openPolicy } from "./policy.ts";

/**
 * Options of an engine; without a simulator file the policy's model without its adapter is the simulator. Contexts are in
 * tokens PER sequence (node-llama-cpp multiplies by the sequences and pads up to 256). `fast`: many sequences in one batch,
 * computed prefixes reused. `reproducible`: one request at a time, every id computed again, so that a sample depends only on
 * its ids, seed and adapter: bit-equal on a CPU from run to run. In `fast` a quantised model's log-probs depend on what else
 * is in the batch (measured by scripts/measure-modes.mjs).
 */
export interface EngineOptions extends Readonly<Omit<Config["engine"], "residency">> {
  /** GGUF file of the model to train. */
  readonly policyModel: string;
  /** May be the policy's file, which is then loaded once. */
  readonly simulatorModel: string | null;
}

/**
 * Loads the models and opens their contexts. @throws PlayactError("model" | "environment" | "memory" | "engine") with one
 * sentence.
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const threads = options.threads ?? availableParallelism();
  const llama = await startLlama(options.gpu, threads);
  const onCpu = llama.gpu === false;
  const lock = createLock();
  const files: EngineModel[] = [];
  const seats: Seat[] = [];
  const free = async () => {
    for (const seat of seats) await seat.rest();
    for (const file of files) await file.close();
    await llama.dispose();
  };
  try {
    const load = async (path: string) => {
      const file = await openEngineModel(llama, onCpu ? await repacked(path) : path);
      files.push(file);
      return file;
    };
    const policyFile = await load(options.policyModel);
    const shared = options.simulatorModel === null || resolve(options.simulatorModel) === resolve(options.policyModel);
    const simulatorFile = shared ? policyFile : await load(options.simulatorModel ?? "");

    const reproducible = options.mode === "reproducible";
    const open = async (role: "policy" | "simulator", file: EngineModel) => {
      const [wanted, contextTokens] = [options[`${role}Sequences`], options[`${role}Context`]];
      const affordable = () => affordableSequences(role, llama, file.loaded(), contextTokens);
      const sequences = reproducible ? 1 : (wanted ?? (await affordable()));
      const shape = { role, bindings: bindingsOf(llama), lock, sequences, contextTokens, threads, onCpu, reproducible };
      const seat = await openSeat(file, shape);
      seats.push(seat);
      return { ...seat, sequences };
    };
    const forPolicy = await open("policy", policyFile);
    const forSimulator = await open("simulator", simulatorFile);
    const policy = openPolicy(forPolicy.parts);

    const changes = createLock(); // rest, wake and close: one after the other
    return {
      vocabulary: policyFile.vocabulary,
      chatTemplate: policyFile.chatTemplate,
      get policy() {
        return policy.current();
      },
      simulator: openChatModel(forSimulator.parts),
      swap: policy.swap,
      score: policy.score,
      rest: (keep) =>
        changes.take(async () => {
          await Promise.all(seats.map((seat) => seat.drain()));
          await policy.rest();
          for (const seat of seats) await seat.rest();
          if (keep === "nothing") for (const file of files) await file.rest();
          return onCpu ? process.memoryUsage.rss() : (await llama.getVramState()).used;
        }),
      wake: () =>
        changes.take(async () => {
          for (const file of files) await file.wake();
          const natives = await forPolicy.wake();
          await forSimulator.wake();
          await policy.wake(natives); // before it samples: without its adapter it would be the base model
          for (const seat of seats) seat.admit();
        }),
      counters: () => ({ policy: forPolicy.counters(), simulator: forSimulator.counters() }),
      sequences: { policy: forPolicy.sequences, simulator: forSimulator.sequences },
      device: await deviceOf(llama),
      weights: { policy: policyFile.weights, simulator: simulatorFile.weights },
      async [Symbol.asyncDispose]() {
        await Promise.all(seats.map((seat) => seat.close()));
        await changes.take(async () => {
          await policy.close();
          await free();
        });
      },
    };
  } catch (thrown) {
    await free();
    throw thrown;
  }
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

async function loadLlama(gpu: EngineOptions["gpu"], threads: number): Promise<Llama> {
  try {
    return await getLlama({
      gpu: gpu === "off" ? false : { type: "auto", exclude: ["vulkan"] },
      build: "never",
      skipDownload: true,
      progressLogs: false,
      logLevel: LlamaLogLevel.error,
      // a model's errors reach the user as PlayactErrors
      logger: () => undefined,
      maxThreads: threads,
    });
  } catch (thrown) {
    throw new PlayactError(
      "environment",
      `node-llama-cpp has no prebuilt llama.cpp that runs here (${process.platform} ${process.arch}), and Playact does not build one: run "npx node-llama-cpp source download" once, then start again.`,
      { cause: thrown },
    );
  }
}

/** "cpu", "metal", or CUDA with its GPUs. */
export async function deviceOf(llama: Llama): Promise<string> {
  if (llama.gpu === false) return "cpu";
  return llama.gpu === "metal" ? "metal" : `${llama.gpu} (${(await llama.getGpuDeviceNames()).join(", ")})`;
}
