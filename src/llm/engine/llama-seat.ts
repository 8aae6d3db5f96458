// The seat of one role: a context with its batcher, on a model file. It can be freed and opened again with the same sequences;
// what a request works with are the parts of the moment, and at rest there are none.
import type { LlamaContext, LlamaModel } from "node-llama-cpp";
import { PlayactError } from "../../errors.ts";
import { batchTokens } from "../../plan/shape.ts";
import { type EngineCounters, EngineError, noCounters } from "../llm.ts";
import { type Bindings, nativeContextOf, nativeModelOf } from "./addon.ts";
import { createBatcher } from "./batcher.ts";
import { type EngineModel, nativeFailure } from "./llama-model.ts";
import type { Lock } from "./lock.ts";
import type { Natives, PolicyParts } from "./policy.ts";

export interface Seat {
  /** Model, context and batcher are read anew by each request. @throws EngineError("resting" | "closed") on reading them */
  readonly parts: PolicyParts;
  /** Of all batchers that the seat has had. */
  counters(): EngineCounters;
  readonly sequences: number;
  /** On the GPU at this moment. */
  bytes(): number;
  /** Refuses requests from now on. */
  refuse(): void;
  /** Refuses requests too, and waits for those in flight. */
  drain(): Promise<void>;
  /** Frees the context. Only when drained or closed. */
  rest(): Promise<void>;
  /** Opens the context again, if it was freed; the model must be loaded. @throws PlayactError("memory" | "engine") */
  wake(): Promise<Natives>;
  /** Takes requests again. */
  admit(): void;
  /** Refuses requests for good, and fails those in flight with EngineError("closed"). */
  close(): Promise<void>;
}

export interface SeatOptions {
  readonly role: "policy" | "simulator";
  readonly bindings: Bindings;
  readonly lock: Lock;
  readonly sequences: number;
  readonly contextTokens: number;
  readonly threads: number;
  readonly onCpu: boolean;
  readonly reproducible: boolean;
}

interface Opened extends Natives {
  /** Kept, since a garbage-collected one keeps its model from ever being freed. */
  readonly owned: LlamaContext;
}

/** Awake at first. @throws PlayactError("memory" | "engine" | "config") with one sentence */
export async function openSeat(file: EngineModel, options: SeatOptions): Promise<Seat> {
  const { role, bindings, lock, contextTokens } = options;
  let opened: Opened | null = await open();
  let refusal: "resting" | "closed" | null = null;
  let before = noCounters;

  async function open(): Promise<Opened> {
    const model = file.loaded();
    const owned = await openContext(model, options);
    const context = nativeContextOf(owned);
    context.setThreads(options.threads);
    const { sequences, reproducible } = options;
    const batcher = createBatcher({ context, sequences, batchTokens, lock, reuse: !reproducible });
    return { owned, model: nativeModelOf(model), context, batcher };
  }

  function now(): Opened {
    if (refusal === "closed") throw new EngineError("closed", `${role}: the engine is closed`);
    if (refusal === "resting" || opened === null) throw new EngineError("resting", `${role}: the engine rests; wake it first`);
    return opened;
  }

  const refuse = () => {
    refusal ??= "resting";
  };
  const counters = () => joined(before, opened?.batcher.counters() ?? noCounters);

  return {
    parts: {
      ...{ bindings, lock, contextTokens, vocabulary: file.vocabulary },
      get model() {
        return now().model;
      },
      get context() {
        return now().context;
      },
      get batcher() {
        return now().batcher;
      },
    },
    counters,
    sequences: options.sequences,
    bytes: () => opened?.context.getMemoryBreakdown().gpuVram ?? 0,
    refuse,
    async drain() {
      refuse();
      await opened?.batcher.drained();
    },
    async rest() {
      before = counters();
      const last = opened;
      opened = null;
      await lock.take(async () => last?.owned.dispose()); // the other role may still compute
    },
    async wake() {
      opened ??= await open();
      return opened;
    },
    admit() {
      if (refusal === "resting") refusal = null;
    },
    async close() {
      refusal = "closed";
      await opened?.batcher.close();
    },
  };
}

function joined(one: EngineCounters, other: EngineCounters): EngineCounters {
  return {
    prefilled: one.prefilled + other.prefilled,
    decoded: one.decoded + other.decoded,
    reused: one.reused + other.reused,
    seconds: one.seconds + other.seconds,
    queued: other.queued,
    running: other.running,
  };
}

export async function openContext(
  model: LlamaModel,
  options: Pick<SeatOptions, "sequences" | "contextTokens" | "threads" | "onCpu">,
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
