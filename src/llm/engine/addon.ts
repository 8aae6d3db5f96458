// The only file that uses node-llama-cpp beyond its public API: the addon's own model, context and classes, typed as far as
// they are used. Why: `sequence.evaluate` decodes as soon as any sequence has queued its next token, so that a batch of 8
// splits into 7 + 1 (39-48 tok/s instead of 86-90 here). node-llama-cpp is pinned exactly, the API is checked at start, and
// test/suites/policy.suite.ts tests its behaviour. Sources: node-llama-cpp/llama/addon/*.cpp.
import type { Llama, LlamaContext, LlamaModel } from "node-llama-cpp";
import { PlayactError } from "../../errors.ts";
import { reinstallCommand } from "../../models/installation.ts";

/** Settings of one sampler chain. A missing key omits the sampler: `topK: 0` would sort the whole vocabulary. */
export interface SamplerConfig {
  /** 0 is greedy (and leaves the logits unscaled). */
  readonly temperature: number;
  /** 32 bits; 0xFFFFFFFF means "any seed" to llama.cpp and must not be used. */
  readonly seed?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly grammarEvaluationState?: NativeGrammarState;
  /** Added to the logits of the ids in `tokenBiasKeys`, before everything else; both or neither. */
  readonly tokenBiasKeys?: Uint32Array;
  readonly tokenBiasValues?: Float32Array;
}

export interface NativeSampler {
  applyConfig(config: SamplerConfig): void;
  dispose(): void;
}

export interface NativeGrammar {
  isTextCompatible(text: string): boolean;
}

/** The state of a grammar within one reply; opaque. */
export interface NativeGrammarState {
  readonly __grammarState?: never;
}

export interface NativeLora {
  dispose(): Promise<void>;
}

/** Which logits `sampleToken` also returns: those of `tokens`, of the extremes (unreliable in 3.22.1), of the token sampled. */
export type WantedLogits = readonly [tokens: readonly number[], highest: false, lowest: false, selected: boolean, top: 0];

/** `token` is -1 where the chain left no candidate; `logits` is id, logit, id, logit, …; `weight` is Σ exp(logit - max). */
export type SampledRow = readonly [
  token: number,
  probabilities: undefined,
  confidence: undefined,
  logits: readonly number[] | undefined,
  weight: number | undefined,
];

export interface NativeContext {
  initBatch(tokens: number): void;
  /** Returns the batch rows of the wanted logits. Positions count from the sequence's start. */
  addToBatch(sequence: number, firstPosition: number, ids: Uint32Array, wantedRows: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  sampleToken(row: number, sampler: NativeSampler): Promise<number>;
  sampleToken(
    row: number,
    sampler: NativeSampler,
    probabilities: false,
    /** Sorts the whole vocabulary: 46 ms for 8 rows of 151,936 instead of 16 ms. */
    confidence: false,
    /** `true`: of every id. */
    logits: WantedLogits | true,
    weight: boolean,
  ): Promise<SampledRow>;
  disposeSequence(sequence: number): void;
  /** Positions [start, end); end -1 is the end. False if the model's memory cannot be cut. */
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
  copySequenceStateFromOtherSequence(target: number, source: number): Promise<number>;
  setLoras(loras: readonly NativeLora[], scales: readonly number[]): void;
  setThreads(threads: number): void;
  /** Bytes: keys, values and compute buffers. */
  getMemoryBreakdown(): { readonly cpuRam: number; readonly gpuVram: number };
  /** Capacity in tokens, all sequences together. */
  getContextSize(): number;
}

export interface NativeModel {
  /** Bytes of the weights. */
  getMemoryBreakdown(): { readonly cpuRam: number; readonly gpuVram: number };
  tokenize(text: string, specialTokens: boolean): Uint32Array;
  detokenize(ids: Uint32Array, specialTokens: boolean): string;
  /** The vocabulary's own spelling of a token: byte-level BPE's alphabet for ordinary tokens, literal text for markers. */
  getTokenString(id: number): string | undefined;
  getTokenAttributes(id: number): number;
  /** 1 SPM, 2 byte-level BPE, …: llama_vocab_type. */
  getVocabularyType(): number;
  isEogToken(id: number): boolean;
  loadLora(lora: NativeLora): Promise<void>;
}

export interface Bindings {
  readonly AddonSampler: {
    new (model: NativeModel): NativeSampler;
    canBeNextTokenForGrammarEvaluationState(state: NativeGrammarState, id: number): boolean;
    acceptGrammarEvaluationStateToken(state: NativeGrammarState, id: number): void;
  };
  readonly AddonModelLora: new (model: NativeModel, path: string) => NativeLora;
  readonly AddonGrammar: new (text: string, options: { addonExports: Bindings; rootRuleName: string }) => NativeGrammar;
  readonly AddonGrammarEvaluationState: {
    new (model: NativeModel, grammar: NativeGrammar): NativeGrammarState;
    /** A copy. */
    new (state: NativeGrammarState): NativeGrammarState;
  };
}

const classNames = ["AddonSampler", "AddonModelLora", "AddonGrammar", "AddonGrammarEvaluationState"] as const;
const modelMethods = [
  "tokenize",
  "detokenize",
  "getTokenString",
  "getTokenAttributes",
  "getVocabularyType",
  "isEogToken",
  "loadLora",
  "getMemoryBreakdown",
] as const;
const contextMethods = [
  "initBatch",
  "addToBatch",
  "decodeBatch",
  "sampleToken",
  "disposeSequence",
  "removeTokenCellsFromSequence",
  "copySequenceStateFromOtherSequence",
  "setLoras",
  "setThreads",
  "getContextSize",
  "getMemoryBreakdown",
] as const;

/** The addon's classes. @throws PlayactError("engine") if the installed node-llama-cpp lacks one. */
export function bindingsOf(llama: Llama): Bindings {
  return checked<Bindings>(llama, "_bindings", classNames);
}

/** The addon's model. @throws PlayactError("engine") as above. */
export function nativeModelOf(model: LlamaModel): NativeModel {
  return checked<NativeModel>(model, "_model", modelMethods);
}

/** The addon's context. @throws PlayactError("engine") as above. */
export function nativeContextOf(context: LlamaContext): NativeContext {
  return checked<NativeContext>(context, "_ctx", contextMethods);
}

/** Reads a private field and checks that every function used here exists. */
export function checked<T extends object>(owner: object, field: string, functions: readonly (keyof T & string)[]): T {
  const inner: unknown = Reflect.get(owner, field);
  const missing =
    typeof inner === "object" && inner !== null
      ? functions.filter((name) => typeof Reflect.get(inner, name) !== "function").map((name) => `${field}.${name}`)
      : [field];
  if (missing.length > 0)
    throw new PlayactError(
      "engine",
      `The installed node-llama-cpp has no ${missing.join(", ")}: Playact drives its addon directly and needs the exact version in package.json; reinstall with: ${reinstallCommand()}`,
    );
  // every function used here was just found; the signatures are those of the pinned version
  return inner as T;
}
