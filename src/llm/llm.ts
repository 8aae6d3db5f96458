// The engine port: a language model in two roles. The policy takes tokens and returns tokens and log-probs; the simulator
// takes messages and returns a constrained reply or a choice. Each role is a side, and an engine joins two of them.
// Implementations: llama.ts (node-llama-cpp, both sides), remote/ (a server, the simulator's side) and scripted.ts (a
// deterministic double); all pass the conformance suites in test/suites/.
import type { JsonSchema, Kept } from "../types.ts";

export interface SampleRequest {
  /** The whole sequence so far. The implementation computes prefixes shared between requests only once. */
  readonly ids: readonly number[];
  readonly seed: number;
  /** Temperature only, over the full vocabulary; 0 is greedy. */
  readonly temperature: number;
  readonly maxTokens: number;
  /** Ids that end the turn; the one sampled is part of the result. */
  readonly stop: ReadonlySet<number>;
  /**
   * Milliseconds for the request from when it gets a sequence; queueing does not count. A sample that has begun ends with what
   * it has; without an id, and for any other request, it is an EngineError("deadline"). So is a wait in which the engine
   * computes nothing at all for as long.
   */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Sampled {
  readonly ids: readonly number[];
  /** Natural-log probability of each id under the sampling distribution (behaviour log-probs). */
  readonly logprobs: readonly number[];
  /** `stop`: a stop id came; `length`: maxTokens; `context_full`: context is full (it never shifts); `deadline`: time is up. */
  readonly end: "stop" | "length" | "context_full" | "deadline";
}

/** The model being trained, at one version. Immutable: a new adapter is a new Policy. */
export interface Policy {
  readonly version: number;
  /** Content hash of the adapter in use; null is the base model (the reference). */
  readonly adapter: string | null;
  sample(request: SampleRequest): Promise<Sampled>;
}

/** Messages to ids and back for one model; template.ts states the laws it keeps. */
export interface Vocabulary {
  /** Foreign text: never encoded as a marker of the model (law 2). */
  encode(text: string): number[];
  /** The id of one of the model's own markers, e.g. `<|im_end|>`; throws if there is none. */
  marker(text: string): number;
  hasMarker(text: string): boolean;
  /** The texts of all markers. */
  readonly markers: readonly string[];
  /** True for ids that only a template may place. */
  isMarker(id: number): boolean;
  /** Text of the ids, markers included; incomplete UTF-8 becomes U+FFFD. */
  decode(ids: readonly number[]): string;
  /** One text per id; joined they are decode(ids). The bytes of a split character count for its last id. */
  pieces(ids: readonly number[]): string[];
}

/** The model's own chat template (Jinja), and the texts of the tokens that it uses by name. */
export interface ChatTemplate {
  readonly source: string;
  /** bos_token; empty if the model has none. */
  readonly begin: string;
  /** eos_token. */
  readonly end: string;
}

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** Tokens of a request, prompt and reply. The model adds to them as it works, so that a failed request counts too. */
export interface TokenUsage {
  read: number;
  written: number;
}

export interface ReplyRequest {
  readonly messages: readonly ChatMessage[];
  /** The reply is JSON under this schema (grammar-constrained); cut at maxTokens it may be invalid: callers validate. */
  readonly schema: JsonSchema;
  readonly seed: number;
  readonly temperature: number;
  readonly maxTokens: number;
  /**
   * Most thinking tokens before the JSON, not part of the reply; absent or 0: none. A model without thinking markers never
   * thinks; prompt and reply have priority if the context has no room for all.
   */
  readonly thinkTokens?: number | undefined;
  /** As in SampleRequest. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly usage?: TokenUsage | undefined;
}

export interface ChooseRequest {
  readonly messages: readonly ChatMessage[];
  /** Given start of the assistant's answer, e.g. "Answer:"; may be empty. */
  readonly lead: string;
  /** The answers to compare, e.g. [" A", " B"]; their first tokens must differ. */
  readonly options: readonly string[];
  /** As in SampleRequest. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly usage?: TokenUsage | undefined;
}

/** A model in a simulator role. */
export interface ChatModel {
  reply(request: ReplyRequest): Promise<string>;
  /** Whether `choose` is possible: some servers give no log-probs. */
  readonly weighs: boolean;
  /** Natural-log probability of each option's first token at the answer's next position, over the full vocabulary. */
  choose(request: ChooseRequest): Promise<readonly number[]>;
  /** Whether the messages, the start of the answer and a reply of this many tokens fit into the context together. */
  fits(messages: readonly ChatMessage[], lead: string, replyTokens: number): boolean;
}

/** Live counters of one engine context. */
export interface EngineCounters {
  /** Tokens computed by prefill, computed by decode, and reused from a cached prefix. */
  readonly prefilled: number;
  readonly decoded: number;
  readonly reused: number;
  /** Seconds the context spent computing or sampling. */
  readonly seconds: number;
  /** Requests waiting for a sequence, and requests that have one, at this moment. */
  readonly queued: number;
  readonly running: number;
}

export const noCounters: EngineCounters = { prefilled: 0, decoded: 0, reused: 0, seconds: 0, queued: 0, running: 0 };

/** The loaded weights of a model. */
export interface Weights {
  /** Type of the GGUF file, e.g. "Q4_K_M". */
  readonly dtype: string;
  /** Layers on the GPU, of all. */
  readonly gpuLayers: number;
  readonly layers: number;
}

/** In place of weights: a model that a server computes, of which neither size nor type is known. */
export interface Served {
  /** Address and model, as the server names it: "http://host:port/v1#model". Never a key. */
  readonly server: string;
  /** Whether it kept to a schema when it was asked at the start. */
  readonly constrains: boolean;
}

/** The policy's role. */
export interface PolicySide extends AsyncDisposable {
  readonly vocabulary: Vocabulary;
  /** null if its file has none. */
  readonly chatTemplate: ChatTemplate | null;
  /** The current handle; earlier ones throw EngineError("closed"). */
  readonly policy: Policy;
  /**
   * Loads another adapter for the policy (null: the base model) and returns its new handle. Waits for samples in flight,
   * drops all cached prefixes and frees the previous adapter. @throws PlayactError("engine") if the file cannot be loaded;
   * the old handle then stays valid.
   */
  swap(adapter: { readonly path: string; readonly hash: string } | null, version: number): Promise<Policy>;
  /**
   * Natural log-prob of each id given the ids before it, under the current adapter at temperature 1; the first is 0, and so is
   * every one before `from`, which costs less to leave out.
   */
  score(ids: readonly number[], from?: number): Promise<number[]>;
  /**
   * Waits for requests in flight, then frees the context, and the weights too if it keeps nothing. Until `wake` every sample,
   * swap and score is an EngineError("resting"); text can be encoded and decoded all the same. Resting deeper or again is fine.
   * Returns bytes still used: by this process, on a GPU by all programs on it.
   */
  rest(keep: Kept): Promise<number>;
  /**
   * Opens again what `rest` freed, with the same sequences and the current adapter; policy handles stay valid. Scores are
   * those of before, bit for bit. Awake it does nothing. @throws PlayactError("memory" | "model" | "engine"), still resting
   */
  wake(): Promise<void>;
  counters(): EngineCounters;
  /** How many requests are computed in parallel; further ones wait. */
  readonly sequences: number;
  /** Bytes that the engine holds now, the simulator's in this process among them: on an NVIDIA GPU there, else this process. */
  memory(): number;
  /** "cpu", "metal", or CUDA with its GPUs: "cuda (NVIDIA L4)". */
  readonly device: string;
  readonly weights: Weights;
}

/** The simulator's role. */
export interface SimulatorSide extends AsyncDisposable {
  readonly simulator: ChatModel;
  /** As of the policy's side: until `wake` every reply and choice is an EngineError("resting"). On a server nothing rests. */
  rest(keep: Kept): Promise<void>;
  wake(): Promise<void>;
  counters(): EngineCounters;
  /** As of the policy's side. */
  readonly sequences: number;
  readonly weights: Weights | Served;
}

/** Both roles. */
export interface Engine
  extends Omit<PolicySide, "counters" | "sequences" | "weights">,
    Pick<SimulatorSide, "simulator">,
    AsyncDisposable {
  counters(): { readonly policy: EngineCounters; readonly simulator: EngineCounters };
  readonly sequences: { readonly policy: number; readonly simulator: number };
  readonly weights: { readonly policy: Weights; readonly simulator: Weights | Served };
}

/**
 * One engine of two sides. The policy's may own what they share: it is woken first, and rests and is closed last. Both refuse
 * requests as soon as one is to rest.
 */
export function join(policy: PolicySide, simulator: SimulatorSide): Engine {
  return {
    vocabulary: policy.vocabulary,
    chatTemplate: policy.chatTemplate,
    get policy() {
      return policy.policy;
    },
    simulator: simulator.simulator,
    swap: policy.swap,
    score: policy.score,
    async rest(keep) {
      const [, held] = await Promise.all([simulator.rest(keep), policy.rest(keep)]);
      return held;
    },
    async wake() {
      await Promise.all([policy.wake(), simulator.wake()]);
    },
    counters: () => ({ policy: policy.counters(), simulator: simulator.counters() }),
    sequences: { policy: policy.sequences, simulator: simulator.sequences },
    memory: policy.memory,
    device: policy.device,
    weights: { policy: policy.weights, simulator: simulator.weights },
    async [Symbol.asyncDispose]() {
      await simulator[Symbol.asyncDispose]();
      await policy[Symbol.asyncDispose]();
    },
  };
}

/** Why the engine failed one request. Other requests are not affected. */
export class EngineError extends Error {
  /** Of a server alone: `refused`: its model declined to answer; `unavailable`: it was down or busy until the deadline, or takes or answers no question. */
  readonly code: "deadline" | "context_full" | "cancelled" | "resting" | "closed" | "native" | "refused" | "unavailable";
  constructor(code: EngineError["code"], message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "EngineError";
    this.code = code;
  }
}

/** Codes after which the others cannot go on either: cancelled, the engine rests or is closed. */
const forAll = ["cancelled", "resting", "closed"] as const;

/** Whether one request failed and the rest can go on: not after those codes, nor if the program is at fault. */
export function failedAlone(
  error: unknown,
): error is EngineError & { readonly code: Exclude<EngineError["code"], (typeof forAll)[number]> } {
  return error instanceof EngineError && !forAll.some((code) => code === error.code);
}
