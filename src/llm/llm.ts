// The engine port: two faces of a language model. The policy is tokens in, tokens and log-probs out; the simulator is
// messages in, a constrained reply or a choice out. Implementations: llama.ts (node-llama-cpp) and scripted.ts (a
// deterministic double); test/suites/ holds the one conformance suite that both pass.
import type { JsonSchema } from "../types.ts";

export interface SampleRequest {
  /** The whole sequence so far. Shared prefixes between requests are computed once, behind this call. */
  readonly ids: readonly number[];
  readonly seed: number;
  /** Temperature only, over the full vocabulary; 0 is greedy. */
  readonly temperature: number;
  readonly maxTokens: number;
  /** Ids that end the turn; the one sampled is part of the result. */
  readonly stop: ReadonlySet<number>;
  /**
   * Milliseconds for the request from when it is admitted to a sequence; waiting for one costs none of it. A sample that has
   * begun ends with what it has; without an id, and for any other request, it is an EngineError("deadline"). So is a wait in
   * which the engine computes nothing at all for as long.
   */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Sampled {
  readonly ids: readonly number[];
  /** Natural-log probability of each id under the sampling distribution (behaviour log-probs). */
  readonly logprobs: readonly number[];
  /** `stop`: a stop id came; `length`: maxTokens; `context_full`: no room left (it never shifts); `deadline`: no time left. */
  readonly end: "stop" | "length" | "context_full" | "deadline";
}

/** The model being trained, at one version. Immutable: a new adapter is a new Policy. */
export interface Policy {
  readonly version: number;
  /** Content hash of the adapter in use; null is the base model (the reference). */
  readonly adapter: string | null;
  sample(request: SampleRequest): Promise<Sampled>;
}

/** What turns messages into ids and back for one model; see template.ts for the laws it keeps. */
export interface Vocabulary {
  /** Text that may never yield a marker of the model, whatever it holds (law 2). */
  encode(text: string): number[];
  /** The id of one of the model's own markers, e.g. `<|im_end|>`; throws where it has none. */
  marker(text: string): number;
  hasMarker(text: string): boolean;
  /** The texts of all markers. */
  readonly markers: readonly string[];
  /** True for ids that only a template may place. */
  isMarker(id: number): boolean;
  /** Text of the ids, markers included; incomplete UTF-8 becomes U+FFFD. */
  decode(ids: readonly number[]): string;
  /** One text per id whose concatenation is decode(ids): bytes of a split character count for its last id. */
  pieces(ids: readonly number[]): string[];
}

/** The chat template that a model brings (Jinja), and the texts of the tokens that it asks for by name. */
export interface ChatTemplate {
  readonly source: string;
  /** bos_token; empty where the model has none. */
  readonly begin: string;
  /** eos_token. */
  readonly end: string;
}

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** Tokens of a request, prompt and reply. The model adds to them as it goes, so that a request that failed counts too. */
export interface Usage {
  read: number;
  written: number;
}

export interface ReplyRequest {
  readonly messages: readonly ChatMessage[];
  /** The reply is JSON of this schema (grammar-constrained); cut at maxTokens it may be invalid: callers validate. */
  readonly schema: JsonSchema;
  readonly seed: number;
  readonly temperature: number;
  readonly maxTokens: number;
  /**
   * Most tokens of thinking before the JSON, no part of the reply; absent or 0: none. A model that marks no thinking has
   * none either way; prompt and reply come first where the context has not room for all.
   */
  readonly thinkTokens?: number | undefined;
  /** As in SampleRequest. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly usage?: Usage | undefined;
}

export interface ChooseRequest {
  readonly messages: readonly ChatMessage[];
  /** Start of the assistant's answer that is already given, e.g. "Answer:"; may be empty. */
  readonly lead: string;
  /** The answers to weigh, e.g. [" A", " B"]; their first tokens must differ. */
  readonly options: readonly string[];
  /** As in SampleRequest. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly usage?: Usage | undefined;
}

/** A model in a simulator role. */
export interface ChatModel {
  reply(request: ReplyRequest): Promise<string>;
  /** Natural-log probability of each option's first token at the answer's next position, over the full vocabulary. */
  choose(request: ChooseRequest): Promise<readonly number[]>;
  /** Whether these messages, the start of the answer and a reply of so many tokens fit the context together. */
  fits(messages: readonly ChatMessage[], lead: string, replyTokens: number): boolean;
}

/** Live counters of one engine context. */
export interface EngineCounters {
  /** Tokens computed by prefill, by decode, and taken over from a cached prefix. */
  readonly prefilled: number;
  readonly decoded: number;
  readonly reused: number;
  /** Seconds in which the context computed or sampled. */
  readonly seconds: number;
  /** Requests that wait for a sequence, and those that have one, at this moment. */
  readonly queued: number;
  readonly running: number;
}

export const noCounters: EngineCounters = { prefilled: 0, decoded: 0, reused: 0, seconds: 0, queued: 0, running: 0 };

/** A model's weights as they lie ready. */
export interface Weights {
  /** Type of the GGUF file, e.g. "Q4_K_M". */
  readonly dtype: string;
  /** Layers that a GPU computes, of all. */
  readonly gpuLayers: number;
  readonly layers: number;
}

/** Both faces, opened together: what llama.ts opens, scripted.ts plays and the loops work with. */
export interface Engine extends AsyncDisposable {
  /** The policy's. */
  readonly vocabulary: Vocabulary;
  /** The policy's; null where its file holds none. */
  readonly chatTemplate: ChatTemplate | null;
  /** The current handle; an earlier one refuses with EngineError("closed"). */
  readonly policy: Policy;
  readonly simulator: ChatModel;
  /**
   * Puts another adapter on the policy (null: the base model) and returns its new handle. Waits for samples in flight,
   * forgets all cached cells and frees the adapter before. @throws PlayactError("engine") where the file cannot be
   * loaded; the old handle stays valid then.
   */
  swap(adapter: { readonly path: string; readonly hash: string } | null, version: number): Promise<Policy>;
  /** Natural log-prob of each id given the ids before it under the current adapter, at temperature 1; the first is 0. */
  score(ids: readonly number[]): Promise<number[]>;
  counters(): { readonly policy: EngineCounters; readonly simulator: EngineCounters };
  /** How many requests of each context are computed side by side; more of them wait. */
  readonly sequences: { readonly policy: number; readonly simulator: number };
  /** "cpu", "metal", or CUDA with its cards: "cuda (NVIDIA L4)". */
  readonly device: string;
  readonly weights: { readonly policy: Weights; readonly simulator: Weights };
}

/** Why the engine could not serve one request. The request is dead; the engine is not. */
export class EngineError extends Error {
  readonly code: "deadline" | "context_full" | "cancelled" | "closed" | "native";
  constructor(code: EngineError["code"], message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "EngineError";
    this.code = code;
  }
}
