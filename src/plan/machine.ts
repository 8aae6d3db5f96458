// What a plan plans for: a configured run, and the memory of a machine. Plain data; run/machine.ts fills it in for this one.
import type { Residency } from "../config/config.ts";
import type { ModelShape } from "./shape.ts";

/** The memory that a run may use, and which of it each side uses. */
export interface MachineMemory {
  /** "host": computed by the processor, or by a GPU that shares its memory (Apple's). */
  readonly engine: "card" | "host";
  readonly learner: "card" | "host";
  /** Bytes of the card that the run may use; 0 without one. */
  readonly cardBytes: number;
  /** The same of the machine's memory; null: not known, and not planned (a card that one does not own). */
  readonly hostBytes: number | null;
}

/** Of the config, what memory depends on. */
export interface MemoryRequest {
  readonly policy: ModelShape;
  /** "shared": the policy's own file, which is then loaded once; null: on a server, and so not in this memory. */
  readonly simulator: ModelShape | "shared" | null;
  readonly policyContext: number;
  readonly simulatorContext: number;
  /** null: as many as fit and are of use. */
  readonly policySequences: number | null;
  readonly simulatorSequences: number | null;
  /** For a while it plays in this memory in place of the run's engine (run/teacher.ts); "shared": the simulator's file. Absent: none. */
  readonly teacher?: ModelShape | "shared";
  /** Texts are compared while tasks are written: their model lies in the host's memory beside the engine. */
  readonly embeds: boolean;
  /** What frees its memory while the other computes; null: the first that fits. */
  readonly residency: Residency | null;
  /** null: nothing is trained (`playact eval`). */
  readonly training: null | {
    readonly rank: number;
    /** Bytes of a frozen weight: 4 or 2. */
    readonly item: 2 | 4;
    /** The user's own limit in bytes (`learner.memory`); null: none. */
    readonly limit: number | null;
    /** Attention keeps its scores: on Apple's GPUs. Absent: not. */
    readonly unfused?: boolean;
  };
}

/** Of a card sold as so many GB, which are GiB: a fortieth is the driver's and the screen's. Bytes. */
export function usableOfCard(gigabytes: number): number {
  return Math.floor(gigabytes * 2 ** 30 * 0.975);
}
