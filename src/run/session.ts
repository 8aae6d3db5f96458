// What a run works with: the two ports, the store and the toolsets, opened by run/open.ts and passed to the loops. Plain data,
// no algorithm.
import type { Config } from "../config/config.ts";
import type { Embed } from "../embed/embedder.ts";
import type { Learner } from "../learner/learner.ts";
import type { Engine } from "../llm/llm.ts";
import type { EpisodeTemplate } from "../llm/text/template.ts";
import type { MemoryPlan } from "../plan/plan.ts";
import type { Teacher } from "../rollout/teacher.ts";
import type { Memory } from "../simulator/memory.ts";
import { openSimulator, type Simulator } from "../simulator/simulator.ts";
import type { Usage } from "../simulator/usage.ts";
import type { Writer } from "../store/lease.ts";
import type { ChooseDistractors } from "../tools/distractors.ts";
import type { Toolset } from "../types.ts";

export interface Session {
  readonly config: Config;
  readonly writer: Writer;
  readonly engine: Engine;
  readonly learner: Learner;
  /** What engine and learner were given of the memory, and who rests while the other computes (residency.ts). */
  readonly plan: Pick<MemoryPlan, "residency" | "engine" | "learner">;
  /** Writes the episodes; its dialect is the one that the policy's calls are read in. */
  readonly template: EpisodeTemplate;
  readonly toolsets: { readonly train: readonly Toolset[]; readonly heldOut: readonly Toolset[] };
  /** Texts to vectors; null if the config compares no texts. */
  readonly embed: Embed | null;
  readonly distractors: ChooseDistractors;
  /** What the tools of the run's tasks have answered; null unless the config wants it remembered. */
  readonly memory: Memory | null;
  /** Seats the teacher of the warm-up for the time of `work` (teacher.ts). Absent: rules show how. */
  readonly withTeacher?: (work: (seated: Seated) => Promise<void>) => Promise<void>;
  /** Simulator usage so far, of everything in this process. */
  readonly usage: Usage;
  /** Folder of the run, with its checkpoints. */
  readonly folder: string;
  readonly progress: (event: ProgressEvent) => void;
  /** Called before anything new starts. Throws Stopped after the first interrupt: running work is finished. */
  readonly pause: () => void;
  /** Aborted on the second interrupt: ends every wait. */
  readonly signal: AbortSignal;
}

/** A teacher, and the simulator of the world that it plays in: while it sits, the session's may rest. */
export interface Seated {
  readonly teacher: Teacher;
  /** Episodes that it plays at a time. */
  readonly sequences: number;
  readonly engine: Pick<Engine, "simulator">;
}

/** Progress of the loops, for the terminal. */
export type ProgressEvent =
  | { readonly kind: "phase"; readonly text: string; readonly step?: number }
  | { readonly kind: "warning"; readonly text: string; readonly step?: number }
  | { readonly kind: "count"; readonly text: string; readonly done: number; readonly of: number }
  | {
      readonly kind: "step";
      readonly step: number;
      readonly of: number;
      readonly level: number;
      readonly metrics: Readonly<Record<string, number>>;
    };

/** The simulator of the roles, with the config's tries and deadlines; its usage is counted in the session. */
export function simulatorOf({
  config,
  engine,
  usage,
  signal,
}: Pick<Session, "config" | "usage"> & { readonly engine: Pick<Engine, "simulator"> } & Partial<
    Pick<Session, "signal">
  >): Simulator {
  return openSimulator(engine.simulator, {
    tries: config.rollout.simulatorTries,
    deadlineMs: config.rollout.deadlineSeconds * 1000,
    thinkTokens: config.simulator.thinking ? config.simulator.thinkTokens : 0,
    usage,
    signal,
  });
}
