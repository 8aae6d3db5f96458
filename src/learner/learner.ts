// The learner port: eight verbs over ids, masks, log-probs and advantages. The learner never sees text, tools, rewards or
// groups, and does not compute advantages. Implementations: torch.ts (Python child) and scripted.ts (deterministic double,
// unit tests only), and restart.ts around either; test/suites/learner.suite.ts is the conformance suite for all three.
import type { ImportanceMode, Normalization, PolicyLossName } from "../config/training.ts";
import type { Kept, TrainingSample } from "../types.ts";

export interface OpenRequest {
  /** GGUF file that the engine samples from; the learner trains the same weights, dequantised. */
  readonly model: string;
  readonly lora: { readonly rank: number; readonly alpha: number; readonly seed: number };
  readonly optimizer: {
    readonly learningRate: number;
    readonly betas: readonly [number, number];
    readonly eps: number;
    readonly weightDecay: number;
    readonly gradClip: number;
  };
  /** "auto": CUDA, then Metal, then CPU; bf16 if the device is fast at it, else fp32. */
  readonly device: "auto" | "cpu" | "cuda" | "mps";
  readonly dtype: "auto" | "float32" | "bfloat16";
  readonly threads: number | null;
  /** Megabytes that a learner process may use; null: what it uses after loading plus most of what is then free. */
  readonly memory: number | null;
  /** Most tokens of a packed row, if fewer than the learner's own (2,048 on a CPU, 8,192 on a GPU); a longer sample has its own. */
  readonly rowTokens: number | null;
}

/** What was actually opened, since "auto" leaves it to the machine. A run's numbers depend on it, so the caller records it. */
export interface OpenReply {
  /** "cpu", "mps", or a CUDA device with its card: "cuda:0 (NVIDIA H100 80GB HBM3)". */
  readonly device: string;
  /** Of the frozen weights: "float32" or "bfloat16". The adapter is always float32. */
  readonly dtype: string;
  /** torch's version with its build: "2.13.0+cpu". */
  readonly torch: string;
  readonly vocabulary: number;
  readonly trainableParameters: number;
}

/** A policy loss as data: its name from losses.ts and its settings (native/trainer/loss.py has the equations). */
export interface PolicyLoss {
  readonly kind: PolicyLossName;
  readonly clipLow: number;
  readonly clipHigh: number;
  /** c of the dual clip; used only by `dual_clip`. */
  readonly dualClip: number;
  /** Weight of the KL to the reference (adapter off); 0 skips the reference pass. */
  readonly klCoef: number;
  /** The unit that has equal weight in a mini-batch. */
  readonly normalize: Normalization;
  /** Tokens per rollout if normalize is "constant". */
  readonly constant: number;
  readonly importanceMode: ImportanceMode;
  /** Cap of the importance weight exp(old - behaviour); null switches the correction off. */
  readonly importanceCap: number | null;
  /** Sampling temperature: logits are divided by it before the log-softmax. */
  readonly temperature: number;
}

export type Loss = PolicyLoss | { readonly kind: "sft" };

/** A sample with the number of its rollout. Samples with the same number are parts of one; without a number it is its own. */
export interface LearnerSample extends TrainingSample {
  readonly rollout?: number;
}

export interface UpdateRequest {
  /** Mini-batches in order: one optimizer step each. Old log-probs are taken before the first. */
  readonly minibatches: readonly (readonly LearnerSample[])[];
  readonly loss: Loss;
  readonly learningRate: number;
}

export interface UpdateReply {
  /** Metric names are TRL's if it has one: loss, kl, entropy, grad_norm, clip_ratio/low_mean, sampling/... */
  readonly metrics: Readonly<Record<string, number>>;
  /** Old log-probs by sample and token, flattened over the mini-batches in order; 0 if the mask is 0. */
  readonly logprobs: readonly (readonly number[])[];
  /** By sample: tokenDigest of the ids in its tensors, up to the last trained one (nothing after it is computed). */
  readonly digests: readonly string[];
}

export interface SavedAdapter {
  /** Folder with peft/ (adapter_model.safetensors, adapter_config.json), optimizer.safetensors, state.json. */
  readonly folder: string;
  /** GGUF adapter in it, named by content hash. */
  readonly gguf: string;
  /** sha256 (hex) of the GGUF adapter; identifies the adapter everywhere. */
  readonly hash: string;
  /** sha256 by file name, relative to the folder. */
  readonly files: Readonly<Record<string, string>>;
}

export interface Learner {
  open(request: OpenRequest): Promise<OpenReply>;
  /** Log-probs of every id given its prefix (first is 0), with the adapter on (policy) or off (reference). */
  logprobs(
    samples: readonly (readonly number[])[],
    which: "policy" | "reference",
    temperature: number,
  ): Promise<readonly (readonly number[])[]>;
  update(request: UpdateRequest): Promise<UpdateReply>;
  /**
   * Writes into `folder` (created, must not contain an older save); durable (fsynced) when it returns. Files that are
   * already in it become part of the save.
   */
  save(folder: string): Promise<SavedAdapter>;
  /** Exact state of an earlier save: adapter, optimizer moments, counters, RNG. */
  restore(folder: string): Promise<void>;
  /**
   * Gives memory back until `wake`: with nothing kept the frozen weights, on a GPU the adapter and its moments too (they wait
   * in the host's memory); with the weights kept only what is held without need. Every other verb is refused meanwhile.
   * Resting deeper or again is fine. Returns the bytes still held: on a GPU there, else by the learner's process.
   */
  rest(keep: Kept): Promise<number>;
  /** Brings all of it back: the next update is the one of before, bit for bit. Awake it does nothing. */
  wake(): Promise<void>;
  close(): Promise<void>;
}
