// What a run works with: the two ports, the store and the world, opened by the command line and handed to the loops.
// Plain data and three small questions that train, warm-up and evaluation all ask; no algorithm.
import type { Config } from "../config/config.ts";
import type { Embed } from "../embed/embedder.ts";
import type { Learner } from "../learner/learner.ts";
import type { Engine } from "../llm/llm.ts";
import type { EpisodeTemplate } from "../llm/text/template.ts";
import type { Dialect } from "../llm/text/tool-call.ts";
import { findModel } from "../models/manifest.ts";
import type { Court } from "../reward/judge.ts";
import type { Scene } from "../rollout/rollout.ts";
import type { Patience } from "../simulator/ask.ts";
import { criteriaCap } from "../simulator/criteria.ts";
import type { Tally } from "../simulator/usage.ts";
import type { Writer } from "../store/lease.ts";
import type { ChooseDistractors } from "../tools/distractors.ts";
import type { Toolset } from "../types.ts";

export interface Session {
  readonly config: Config;
  readonly writer: Writer;
  readonly engine: Engine;
  readonly learner: Learner;
  readonly template: EpisodeTemplate;
  readonly dialect: Dialect;
  readonly toolsets: { readonly train: readonly Toolset[]; readonly heldOut: readonly Toolset[] };
  /** Texts to vectors; null where the config compares no texts. */
  readonly embed: Embed | null;
  readonly distractors: ChooseDistractors;
  /** What the simulator was asked for so far, of everything in this process. */
  readonly tally: Tally;
  /** Folder of the run; checkpoints lie in it. */
  readonly folder: string;
  readonly progress: (event: ProgressEvent) => void;
  /** True after the first interrupt: finish what is in flight and stop. */
  readonly stopping: () => boolean;
  /** Fires on the second interrupt: give up every wait. */
  readonly signal: AbortSignal;
}

/** What the loops tell whoever watches. */
export type ProgressEvent =
  | { readonly kind: "phase"; readonly text: string; readonly step: number }
  | { readonly kind: "warning"; readonly text: string; readonly step: number }
  | { readonly kind: "count"; readonly text: string; readonly done: number; readonly of: number }
  | {
      readonly kind: "step";
      readonly step: number;
      readonly of: number;
      readonly level: number;
      readonly metrics: Readonly<Record<string, number>>;
    };

export function patience(config: Config): Patience {
  return {
    tries: config.rollout.simulatorTries,
    deadlineMs: config.rollout.deadlineSeconds * 1000,
    thinkTokens: config.simulator.thinkTokens,
  };
}

/** The same, counted in the session's tally. */
export function counted({ config, tally }: Pick<Session, "config" | "tally">): Patience {
  return { ...patience(config), tally };
}

/** What episodes and their verdicts need of a session. */
type Stage = Pick<Session, "config" | "engine" | "template" | "dialect" | "tally" | "signal">;

export function sceneOf(session: Stage, temperature: number): Scene {
  const { config, engine, template, dialect, signal } = session;
  return {
    policy: engine.policy,
    vocabulary: engine.vocabulary,
    template,
    dialect,
    simulator: engine.simulator,
    patience: counted(session),
    temperature,
    turnMs: config.rollout.turnSeconds * 1000,
    parallelCalls: config.rollout.parallelCalls,
    toolChars: config.rollout.toolChars,
    user: config.simulator.user,
    tools: config.simulator.tools,
    withhold: config.simulator.withhold,
    signal,
  };
}

export function courtOf(session: Stage, kind: Config["reward"]["verdict"]): Court {
  const { config, engine, dialect, signal } = session;
  const { withhold } = config.simulator;
  return {
    simulator: engine.simulator,
    patience: counted(session),
    dialect,
    kind,
    withhold,
    maxCriteria: config.simulator.maxCriteria ?? criteriaCap(findModel(config.models.simulator).parameters),
    scales: new Map(),
    signal,
  };
}
