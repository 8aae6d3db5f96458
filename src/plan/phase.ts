// The bytes of a run by part, those that do not depend on how many sequences and how long rows are chosen.

import { gradientBytes, type LearnerSizes, learnerSizes, momentBytes } from "./learner.ts";
import type { MachineMemory, MemoryRequest } from "./machine.ts";
import {
  batchTokens,
  computeBytes,
  embeddingBytes,
  headerBytes,
  kvBytes,
  type ModelShape,
  samplingBytes,
  weightBytes,
} from "./shape.ts";

/** Bytes of the engine, in the memory that it computes in. */
export interface EngineBytes {
  /** The process itself or its CUDA context. */
  readonly process: number;
  readonly weights: number;
  readonly kv: number;
  readonly compute: number;
  /** Adapters: the one in use, and the next while they are swapped. */
  readonly lora: number;
}

/** Bytes of the learner, in the memory that it computes in. */
export interface LearnerBytes {
  readonly process: number;
  readonly weights: number;
  readonly lora: number;
  readonly moments: number;
  /** Activations of the longest row, and the gradient. */
  readonly rows: number;
}

/**
 * Of a process apart from what it holds of models, in a run (measured by scripts/check-plan.mjs), and of a CUDA context
 * (estimated). A learner on the host: 360 MB of Python and torch, what a loaded model has beside its weights, and what oneDNN
 * keeps (KERNELS in native/trainer/memory.py).
 */
const processBytes = {
  engine: { host: 280e6, card: 450e6 },
  learner: { host: 530e6, card: 800e6 },
} as const;
/** The model that compares texts, once a batch has gone through it. Measured. */
const embedderBytes = 220e6;

/** What the engine holds apart from its sequences. */
export function engineBase(request: MemoryRequest, machine: MachineMemory): Omit<EngineBytes, "kv"> {
  const { policy, policyContext, simulatorContext, training } = request;
  const simulator = simulatorOf(request);
  const on = machine.engine;
  const adapter = training === null ? 0 : 4 * learnerSizes(policy, training.rank, training.item).adapter;
  const outputs = on === "card" ? batchTokens : 1; // the host's pages are taken as they are used: see sequenceBytes
  return {
    process: on === "host" ? engineProcess(request) : processBytes.engine.card,
    weights: total(loadedOf(request), (shape) => weightBytes(shape, on)),
    compute:
      computeBytes(policy, policyContext, on, outputs) +
      (simulator === null ? 0 : computeBytes(simulator, simulatorContext, on, outputs)),
    lora: 2 * adapter,
  };
}

/** The engine's process on the host, wherever it computes: models' vocabularies and headers, and the embedder. */
function engineProcess(request: MemoryRequest): number {
  return processBytes.engine.host + total(loadedOf(request), headerBytes) + (request.embeds ? embedderBytes : 0);
}

/** The models that are loaded, each once. */
function loadedOf({ policy, simulator }: MemoryRequest): readonly ModelShape[] {
  return simulator === null || simulator === "shared" ? [policy] : [policy, simulator];
}

/** Null: on a server. */
function simulatorOf({ policy, simulator }: MemoryRequest): ModelShape | null {
  return simulator === "shared" ? policy : simulator;
}

function total(shapes: readonly ModelShape[], bytesOf: (shape: ModelShape) => number): number {
  return shapes.reduce((sum, shape) => sum + bytesOf(shape), 0);
}

/** Keys and values of one sequence, and what else one more takes. */
export function sequenceBytes(request: MemoryRequest, machine: MachineMemory, role: "policy" | "simulator") {
  const shape = role === "policy" ? request.policy : simulatorOf(request);
  if (shape === null) return { kv: 0, compute: 0 };
  const kv = kvBytes(shape, role === "policy" ? request.policyContext : request.simulatorContext);
  return { kv, compute: machine.engine === "host" ? samplingBytes(shape) : 0 };
}

/** Bytes of the sequences that there must be: those asked for, else one of each. */
export function leastSequences(request: MemoryRequest, machine: MachineMemory): number {
  const each = (role: "policy" | "simulator") => {
    const { kv, compute } = sequenceBytes(request, machine, role);
    return (request[`${role}Sequences`] ?? 1) * (kv + compute);
  };
  return each("policy") + each("simulator");
}

/** Bytes of the engine that a teacher plays on, and of the vocabularies that the run's keeps meanwhile; 0: none plays in this memory. */
export function teachingBytes(request: MemoryRequest, machine: MachineMemory): number {
  const simulator = simulatorOf(request);
  const teacher = request.teacher === "shared" ? simulator : (request.teacher ?? null);
  if (teacher === null) return 0;
  const seated = request.teacher === "shared" ? "shared" : simulator;
  const taught: MemoryRequest = { ...request, policy: teacher, simulator: seated, training: null };
  const engine = Object.values(engineBase(taught, machine)).reduce((sum, bytes) => sum + bytes, 0);
  const kept = machine.engine === "host" ? total(loadedOf(request), headerBytes) : 0;
  return engine + leastSequences(taught, machine) + kept;
}

/** What the learner holds whether it trains or not; nothing if the request trains nothing. */
export function learnerBase({ policy, training }: MemoryRequest, machine: MachineMemory): LearnerBytes {
  if (training === null) return { process: 0, weights: 0, lora: 0, moments: 0, rows: 0 };
  const { adapter } = learnerSizes(policy, training.rank, training.item);
  const on = machine.learner;
  return {
    process: processBytes.learner[on],
    weights: policy.parameters * training.item,
    lora: 4 * adapter,
    moments: momentBytes * adapter,
    rows: gradientBytes * adapter,
  };
}

export function sizesOf({ policy, training }: MemoryRequest): LearnerSizes {
  return learnerSizes(policy, training?.rank ?? 1, training?.item ?? 4, training?.unfused);
}

/** Most host memory of a run on a card: while the learner's weights are read, or resting there while the engine works. */
export function hostBytes(request: MemoryRequest, machine: MachineMemory, resting: boolean): number {
  const { policy, training } = request;
  const engine = machine.engine === "card" ? engineProcess(request) + total(loadedOf(request), embeddingBytes) : 0;
  if (training === null || machine.learner === "host") return engine;
  const read = policy.parameters * training.item + 2 * 4 * policy.vocabulary * policy.width; // the embedding in float32, copied
  const rests = resting ? policy.parameters * training.item : 0;
  return engine + processBytes.learner.host + Math.max(read, rests);
}
