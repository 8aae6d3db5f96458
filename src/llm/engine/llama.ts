// Opens the models in this process: one engine with a policy context (with adapters) and a simulator context (without). A file
// used for both roles is loaded once. node-llama-cpp must not download or build anything here.
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { GgufFileType, getLlama, type Llama, LlamaLogLevel, type LlamaModel } from "node-llama-cpp";
import type { Config } from "../../config/config.ts";
import { describe, PlayactError } from "../../errors.ts";
import { commandLine } from "../../models/installation.ts";
import { batchTokens } from "../../plan/shape.ts";
import type { ChatTemplate, Engine, Vocabulary, Weights } from "../llm.ts";
import { chatFormat } from "../text/chat-format.ts";
import { bindingsOf, type NativeContext, type NativeModel, nativeContextOf, nativeModelOf } from "./addon.ts";
import { createBatcher } from "./batcher.ts";
import { openChatModel } from "./chat.ts";
import { repacked } from "./llama-repacked.ts";
import { sequencesOf } from "./llama-slots.ts";
import { createLock } from "./lock.ts";
import { whyNotOnCard } from "./nvidia.ts";
import { openPolicy } from "./policy.ts";
import { openVocabulary } from "./vocabulary.ts";

/**
 * Options of an engine; without a simulator file the policy's model without its adapter is the simulator. Contexts are in
 * tokens PER sequence (node-llama-cpp multiplies by the sequences and pads up to 256). `fast`: many sequences in one batch,
 * computed prefixes reused. `reproducible`: one request at a time, every id computed again, so that a sample depends only on
 * its ids, seed and adapter: bit-equal on a CPU from run to run. In `fast` a quantised model's log-probs depend on what else
 * is in the batch (measured by scripts/measure-modes.mjs).
 */
export interface EngineOptions extends Readonly<Config["engine"]> {
  /** GGUF file of the model to train. */
  readonly policyModel: string;
  /** May be the policy's file, which is then loaded once. */
  readonly simulatorModel: string | null;
  /** All layers on the GPU, as a memory plan has it; otherwise as many as fit at that moment. */
  readonly wholeOnGpu?: boolean;
}

/**
 * Loads the models and opens their contexts. @throws PlayactError("model" | "environment" | "memory" | "engine") with one
 * sentence.
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const threads = options.threads ?? availableParallelism();
  const llama = await startLlama(options.gpu, threads);
  // kept and freed here, newest first: a garbage-collected LlamaContext keeps its model from ever being freed
  const owned: { dispose(): Promise<void> }[] = [llama];
  const free = async () => {
    for (const one of owned.splice(0).reverse()) await one.dispose();
  };
  try {
    const sequencesBy = await sequencesOf(options, llama);
    const bindings = bindingsOf(llama);
    const lock = createLock();
    const load = async (path: string) => {
      const file = llama.gpu === false ? await repacked(path) : path;
      const loaded = await loadModel(llama, file, options.wholeOnGpu ? "max" : "auto");
      owned.push(loaded);
      return { loaded, model: nativeModelOf(loaded), vocabulary: vocabularyOf(loaded) };
    };
    const policyModel = await load(options.policyModel);
    const shared = options.simulatorModel === null || resolve(options.simulatorModel) === resolve(options.policyModel);
    const simulatorModel = shared ? policyModel : await load(options.simulatorModel ?? "");

    const reproducible = options.mode === "reproducible";
    const open = async (role: "policy" | "simulator", { loaded, model, vocabulary }: typeof policyModel) => {
      const [sequences, contextTokens] = [sequencesBy[role], options[`${role}Context`]];
      const context = await openContext(loaded, { sequences, contextTokens, threads, onCpu: llama.gpu === false });
      owned.push(context);
      const native = nativeContextOf(context);
      native.setThreads(threads);
      const batcher = createBatcher({ context: native, sequences, batchTokens, lock, reuse: !reproducible });
      return { bindings, model, context: native, batcher, vocabulary, contextTokens, sequences };
    };
    const forPolicy = await open("policy", policyModel);
    const forSimulator = await open("simulator", simulatorModel);
    const contexts = [forPolicy.context, forSimulator.context];

    const policy = openPolicy({ ...forPolicy, lock });
    return {
      vocabulary: forPolicy.vocabulary,
      chatTemplate: chatTemplateOf(policyModel.loaded),
      get policy() {
        return policy.current();
      },
      simulator: openChatModel(forSimulator),
      swap: policy.swap,
      score: policy.score,
      counters: () => ({ policy: forPolicy.batcher.counters(), simulator: forSimulator.batcher.counters() }),
      sequences: { policy: forPolicy.sequences, simulator: forSimulator.sequences },
      memory: () => (llama.gpu === "cuda" ? onCard([policyModel, simulatorModel], contexts) : process.memoryUsage.rss()),
      device: await deviceOf(llama),
      weights: { policy: weightsOf(policyModel.loaded), simulator: weightsOf(simulatorModel.loaded) },
      async [Symbol.asyncDispose]() {
        await Promise.all([forPolicy.batcher.close(), forSimulator.batcher.close()]);
        await policy.close();
        await free();
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

/** Bytes that models and contexts hold on the card; a model in both roles counts once. */
function onCard(models: readonly { readonly model: NativeModel }[], contexts: readonly NativeContext[]): number {
  const holders = [...new Set(models.map(({ model }) => model)), ...contexts];
  return holders.reduce((sum, one) => sum + one.getMemoryBreakdown().gpuVram, 0);
}

export async function loadModel(llama: Llama, path: string, gpuLayers: "max" | "auto" = "auto"): Promise<LlamaModel> {
  if (!existsSync(path))
    throw new PlayactError("model", `There is no model file at ${path}; fetch it with: ${commandLine("models get NAME")}`);
  try {
    // a mapped file would stay in memory beside what a processor multiplies, a copy of it in another order: 1.4 GB of 4.5 for the
    // default models
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

/** The model's vocabulary. @throws PlayactError("model") if Playact does not support it or its turn format. */
export function vocabularyOf(model: LlamaModel): Vocabulary {
  const vocabulary = openVocabulary(nativeModelOf(model), model.fileInfo.metadata.tokenizer?.ggml?.tokens?.length ?? 0);
  chatFormat(vocabulary);
  return vocabulary;
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
