// Opens the models in this process: a policy context (with adapters), a simulator context (without), or an engine of both. A file
// used for both roles is loaded once. node-llama-cpp must not download or build anything here.
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { GgufFileType, getLlama, type Llama, LlamaLogLevel, type LlamaModel } from "node-llama-cpp";
import type { Config } from "../../config/config.ts";
import { describe, PlayactError } from "../../errors.ts";
import { commandLine } from "../../models/installation.ts";
import { batchTokens } from "../../plan/shape.ts";
import {
  type ChatTemplate,
  type Engine,
  join,
  type PolicySide,
  type SimulatorSide,
  type Vocabulary,
  type Weights,
} from "../llm.ts";
import { chatFormat } from "../text/chat-format.ts";
import { promptWriter } from "../text/prompt.ts";
import { bindingsOf, type NativeContext, type NativeModel, nativeContextOf, nativeModelOf } from "./addon.ts";
import { createBatcher } from "./batcher.ts";
import { type ContextParts, openChatModel } from "./chat.ts";
import { repacked } from "./llama-repacked.ts";
import { type SeatFiles, sequencesOf } from "./llama-slots.ts";
import { createLock, type Lock } from "./lock.ts";
import { whyNotOnCard } from "./nvidia.ts";
import { openPolicy } from "./policy.ts";
import { openVocabulary } from "./vocabulary.ts";

/**
 * Options of the policy's side. Contexts are in tokens PER sequence (node-llama-cpp multiplies by the sequences and pads up to
 * 256). `fast`: many sequences in one batch, computed prefixes reused. `reproducible`: one request at a time, every id computed
 * again, so that a sample depends only on its ids, seed and adapter: bit-equal on a CPU from run to run. In `fast` a quantised
 * model's log-probs depend on what else is in the batch (measured by scripts/measure-modes.mjs).
 */
export interface PolicyOptions extends Readonly<Config["engine"]> {
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
    const model = await llama.load(policyModel);
    const other = simulatorModel === policyModel ? model : await llama.load(simulatorModel);
    const policy = await policySide(llama, model, llama.free);
    return join(policy, await simulatorSide(llama, other, async () => undefined));
  });
}

/** The policy alone, for a simulator on a server or for nothing but its turns. Throws likewise. */
export function openPolicySide(options: PolicyOptions): Promise<PolicySide> {
  const { policyModel } = options;
  return opened(options, { policy: policyModel, simulator: null }, async (llama) =>
    policySide(llama, await llama.load(policyModel), llama.free),
  );
}

/** The simulator alone. Throws likewise. */
export function openSimulatorSide(
  options: Omit<EngineOptions, "policyModel"> & { readonly simulatorModel: string },
): Promise<SimulatorSide> {
  const { simulatorModel } = options;
  return opened(options, { policy: simulatorModel, simulator: simulatorModel }, async (llama) =>
    simulatorSide(llama, await llama.load(simulatorModel), llama.free),
  );
}

/** llama.cpp with what was loaded and opened on it. */
interface Opened {
  readonly llama: Llama;
  readonly lock: Lock;
  load(path: string): Promise<Loaded>;
  context(role: "policy" | "simulator", loaded: Loaded): Promise<ContextParts & { readonly sequences: number }>;
  /** Bytes that models and contexts hold on the GPU; without one, those of this process. */
  memory(): number;
  /** Frees everything, newest first: a garbage-collected LlamaContext keeps its model from ever being freed. */
  free(): Promise<void>;
}

interface Loaded {
  readonly loaded: LlamaModel;
  readonly model: NativeModel;
  readonly vocabulary: Vocabulary;
}

type OpenOptions = Readonly<Config["engine"]> & Pick<PolicyOptions, "wholeOnGpu">;

/** Starts llama.cpp and opens a part of it; if that fails, everything is freed again. */
async function opened<T>(options: OpenOptions, files: SeatFiles, open: (llama: Opened) => Promise<T>): Promise<T> {
  const threads = options.threads ?? availableParallelism();
  const llama = await startLlama(options.gpu, threads);
  const owned: { dispose(): Promise<void> }[] = [llama];
  const free = async () => {
    for (const one of owned.splice(0).reverse()) await one.dispose();
  };
  const holders = new Set<NativeModel | NativeContext>();
  try {
    const sequencesBy = await sequencesOf(files, options, llama);
    const bindings = bindingsOf(llama);
    const lock = createLock();
    const reproducible = options.mode === "reproducible";
    return await open({
      llama,
      lock,
      free,
      memory: () => (llama.gpu === "cuda" ? onCard(holders) : process.memoryUsage.rss()),
      async load(path) {
        const file = llama.gpu === false ? await repacked(path) : path;
        const loaded = await loadModel(llama, file, options.wholeOnGpu ? "max" : "auto");
        owned.push(loaded);
        const model = nativeModelOf(loaded);
        holders.add(model);
        return { loaded, model, vocabulary: vocabularyOf(loaded) };
      },
      async context(role, { loaded, model, vocabulary }) {
        const [sequences, contextTokens] = [sequencesBy[role], options[`${role}Context`]];
        const context = await openContext(loaded, { sequences, contextTokens, threads, onCpu: llama.gpu === false });
        owned.push(context);
        const native = nativeContextOf(context);
        holders.add(native);
        native.setThreads(threads);
        const batcher = createBatcher({ context: native, sequences, batchTokens, lock, reuse: !reproducible });
        return { bindings, model, context: native, batcher, vocabulary, contextTokens, sequences };
      },
    });
  } catch (thrown) {
    await free();
    throw thrown;
  }
}

/** @param close called at the end */
async function policySide(opened: Opened, loaded: Loaded, close: () => Promise<void>): Promise<PolicySide> {
  chatFormat(loaded.vocabulary); // one that is unknown is reported before anything is sampled
  const parts = await opened.context("policy", loaded);
  const policy = openPolicy({ ...parts, lock: opened.lock });
  return {
    vocabulary: loaded.vocabulary,
    chatTemplate: chatTemplateOf(loaded.loaded),
    get policy() {
      return policy.current();
    },
    swap: policy.swap,
    score: policy.score,
    counters: parts.batcher.counters,
    sequences: parts.sequences,
    memory: opened.memory,
    device: await deviceOf(opened.llama),
    weights: weightsOf(loaded.loaded),
    async [Symbol.asyncDispose]() {
      await parts.batcher.close();
      await policy.close();
      await close();
    },
  };
}

/** @param close called at the end */
async function simulatorSide(opened: Opened, loaded: Loaded, close: () => Promise<void>): Promise<SimulatorSide> {
  const parts = await opened.context("simulator", loaded);
  return {
    simulator: openChatModel({ ...parts, prompt: promptWriter(loaded.vocabulary, chatTemplateOf(loaded.loaded)) }),
    counters: parts.batcher.counters,
    sequences: parts.sequences,
    weights: weightsOf(loaded.loaded),
    async [Symbol.asyncDispose]() {
      await parts.batcher.close();
      await close();
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

/** Bytes on the card. */
function onCard(holders: Iterable<NativeModel | NativeContext>): number {
  return [...holders].reduce((sum, one) => sum + one.getMemoryBreakdown().gpuVram, 0);
}

export async function loadModel(llama: Llama, path: string, gpuLayers: "max" | "auto" = "auto"): Promise<LlamaModel> {
  if (!existsSync(path))
    throw new PlayactError("model", `There is no model file at ${path}; fetch it with: ${commandLine("models get NAME")}`);
  try {
    // a processor multiplies a copy in another order, beside which a mapped file would stay: 1.4 of 4.5 GB for the default models
    return await llama.loadModel({ modelPath: path, gpuLayers, ...(llama.gpu === false ? { useMmap: false } : {}) });
  } catch (thrown) {
    throw nativeFailure(thrown, `llama.cpp cannot load ${path}`, "model");
  }
}

export async function openContext(
  model: LlamaModel,
  options: { readonly sequences: number; readonly contextTokens: number; readonly threads: number; readonly onCpu: boolean },
) {
  const { sequences, contextTokens, threads, onCpu } = options;
  if (contextTokens > model.trainContextSize)
    throw new PlayactError(
      "config",
      `A context of ${contextTokens} tokens was asked for, but the model was trained for ${model.trainContextSize}; set a smaller one in engine.policyContext or engine.simulatorContext.`,
    );
  try {
    return await model.createContext({
      sequences,
      contextSize: contextTokens,
      batchSize: batchTokens,
      threads,
      // cutting a sequence must be exact, also for models with a sliding window
      swaFullCache: true,
      failedCreationRemedy: false,
      // on a CPU the rounding of flash attention depends on the shape of the batch: SmolLM2's log-probs differ by 0.05 to 0.3
      // nats between a prompt computed at once and one continued from a cached prefix; without it they are bit-equal (except
      // for a single id computed alone), at 8 % more time
      ...(onCpu ? { flashAttention: false } : {}),
    });
  } catch (thrown) {
    throw nativeFailure(thrown, `llama.cpp cannot open ${sequences} sequences of ${contextTokens} tokens`, "engine");
  }
}

/** The model's vocabulary. @throws PlayactError("model") if Playact does not support it. */
export function vocabularyOf(model: LlamaModel): Vocabulary {
  return openVocabulary(nativeModelOf(model), model.fileInfo.metadata.tokenizer?.ggml?.tokens?.length ?? 0);
}

/** "cpu", "metal", or CUDA with its GPUs. */
export async function deviceOf(llama: Llama): Promise<string> {
  if (llama.gpu === false) return "cpu";
  return llama.gpu === "metal" ? "metal" : `${llama.gpu} (${(await llama.getGpuDeviceNames()).join(", ")})`;
}

function weightsOf(model: LlamaModel): Weights {
  const type = GgufFileType[model.fileInfo.metadata.general.file_type ?? -1];
  const dtype = type?.replace(/^(MOSTLY|ALL)_/, "") ?? "unknown";
  return { dtype, gpuLayers: model.gpuLayers, layers: model.fileInsights.totalLayers };
}

/** The chat template in a model's file; null if there is none. */
export function chatTemplateOf(model: LlamaModel): ChatTemplate | null {
  const { chat_template: source, ggml } = model.fileInfo.metadata.tokenizer ?? {};
  if (typeof source !== "string") return null;
  const text = (id: number | undefined) => (id === undefined ? "" : (nativeModelOf(model).getTokenString(id) ?? ""));
  return { source, begin: text(ggml?.bos_token_id), end: text(ggml?.eos_token_id) };
}

function nativeFailure(thrown: unknown, what: string, boundary: "model" | "engine"): PlayactError {
  if (thrown instanceof PlayactError) return thrown;
  const said = describe(thrown);
  if (/memory|vram/i.test(said))
    return new PlayactError("memory", `${what}: ${said}; choose a smaller model, fewer sequences or a smaller context.`, {
      cause: thrown,
    });
  return new PlayactError(boundary, `${what}: ${said}`, { cause: thrown });
}
