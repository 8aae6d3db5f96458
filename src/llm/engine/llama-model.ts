// A model file of the engine. Its weights can be freed and loaded again; its vocabulary, template and facts stay, since text is
// read and written at rest too.
import { existsSync } from "node:fs";
import { GgufFileType, type Llama, type LlamaModel } from "node-llama-cpp";
import { describe, PlayactError } from "../../errors.ts";
import { commandLine } from "../../models/installation.ts";
import { type ChatTemplate, EngineError, type Vocabulary, type Weights } from "../llm.ts";
import { type NativeModel, nativeModelOf } from "./addon.ts";
import { openVocabulary } from "./vocabulary.ts";

export interface EngineModel {
  readonly vocabulary: Vocabulary;
  readonly chatTemplate: ChatTemplate | null;
  readonly weights: Weights;
  /** On the GPU at this moment. */
  bytes(): number;
  /** The loaded model. @throws EngineError("resting") while the weights are freed */
  loaded(): LlamaModel;
  /** Frees the weights; its contexts and adapters must be freed before. */
  rest(): Promise<void>;
  /** Loads them again, with as many layers on the GPU as at first. @throws PlayactError("memory" | "model") */
  wake(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param layers layers on the GPU: so many, all of them, or as many as fit at this moment
 * @throws PlayactError("model" | "memory") with one sentence
 */
export async function openEngineModel(llama: Llama, path: string, layers: number | "max" | "auto"): Promise<EngineModel> {
  let weights: LlamaModel | null = await loadModel(llama, path, layers);
  const facts = weightsOf(weights);
  /** Has the tokens alone: loaded at the first rest, and kept. */
  let tokens: LlamaModel | null = null;
  let table = nativeModelOf(weights);

  return {
    vocabulary: vocabularyOf(weights, (text) => table.tokenize(text, false)),
    chatTemplate: chatTemplateOf(weights),
    weights: facts,
    bytes: () => (weights === null ? 0 : nativeModelOf(weights).getMemoryBreakdown().gpuVram),
    loaded() {
      if (weights === null) throw new EngineError("resting", `the weights in ${path} are freed: wake the engine first`);
      return weights;
    },
    async rest() {
      tokens ??= await llama.loadModel({ modelPath: path, vocabOnly: true });
      table = nativeModelOf(tokens);
      await weights?.dispose();
      weights = null;
    },
    async wake() {
      weights ??= await loadModel(llama, path, facts.gpuLayers);
    },
    async close() {
      await weights?.dispose();
      await tokens?.dispose();
    },
  };
}

/** @param gpuLayers layers on the GPU; "auto": as many as fit */
export async function loadModel(llama: Llama, path: string, gpuLayers: number | "max" | "auto" = "auto"): Promise<LlamaModel> {
  if (!existsSync(path))
    throw new PlayactError("model", `There is no model file at ${path}; fetch it with: ${commandLine("models get NAME")}`);
  try {
    // a mapped file would stay in memory beside what a processor multiplies, a copy of it in another order: 1.4 GB of 4.5 for the
    // default models
    return await llama.loadModel({
      modelPath: path,
      gpuLayers,
      ...(llama.gpu === false || gpuLayers === 0 ? { useMmap: false } : {}),
    });
  } catch (thrown) {
    throw nativeFailure(thrown, `llama.cpp cannot load ${path}`, "model");
  }
}

/**
 * The model's vocabulary.
 * @param tokenize of a model with the same tokens, if this one will be freed
 * @throws PlayactError("model") if Playact does not support it
 */
export function vocabularyOf(model: LlamaModel, tokenize?: (text: string) => Uint32Array): Vocabulary {
  const native: NativeModel = nativeModelOf(model);
  const table = {
    tokenize: tokenize ?? ((text: string) => native.tokenize(text, false)),
    getTokenString: (id: number) => native.getTokenString(id),
    getTokenAttributes: (id: number) => native.getTokenAttributes(id),
    getVocabularyType: () => native.getVocabularyType(),
  };
  return openVocabulary(table, model.fileInfo.metadata.tokenizer?.ggml?.tokens?.length ?? 0);
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

/** What llama.cpp threw, as a sentence; memory that ended is told from the rest. */
export function nativeFailure(thrown: unknown, what: string, boundary: "model" | "engine"): PlayactError {
  if (thrown instanceof PlayactError) return thrown;
  const said = describe(thrown);
  if (/memory|vram/i.test(said))
    return new PlayactError("memory", `${what}: ${said}; choose a smaller model, fewer sequences or a smaller context.`, {
      cause: thrown,
    });
  return new PlayactError(boundary, `${what}: ${said}`, { cause: thrown });
}
