// Opens what makes a task set: the simulator, and for written tasks the teacher in the policy's seat.
import type { Config } from "../config/config.ts";
import { serverOf } from "../config/server.ts";
import { PlayactError } from "../errors.ts";
import { type EngineCounters, noCounters, type SimulatorSide } from "../llm/llm.ts";
import { chooseTemplate } from "../llm/text/choose-template.ts";
import { findOnDisk, type Model } from "../models/model.ts";
import type { Store } from "../store/store.ts";
import type { Teacher } from "../synth/parts.ts";
import type { Toolset } from "../types.ts";
import { callFormOf } from "./form.ts";
import { openEngineOf, openSimulatorOf, toolsetsOf } from "./open.ts";
import { findSimulator } from "./seats.ts";
import { checkSimulatorServer } from "./simulator-server.ts";

/** Solutions of a written task that must be asked for: what only one reaches tells little of the task. */
const leastSolutions = 2;

export interface OpenedSynthesis extends AsyncDisposable {
  readonly engine: Pick<SimulatorSide, "simulator">;
  readonly toolsets: readonly Toolset[];
  readonly teacher: Teacher | null;
  /** Requests that the simulator serves at a time. */
  readonly sequences: number;
  readonly counters: () => { readonly policy: EngineCounters; readonly simulator: EngineCounters };
}

/** The models of a synthesis; null: on a server, or no teacher is needed. */
export interface SynthesisModels {
  readonly simulator: Model | null;
  readonly teacher: Model | null;
}

/** @throws PlayactError("config" | "model" | "environment") in one sentence for what is wrong, before anything is opened or stored */
export async function findSynthesisModels(config: Config): Promise<SynthesisModels> {
  const { models, synth } = config;
  if (synth.tools === "written" && synth.solutions < leastSolutions)
    throw new PlayactError(
      "config",
      `Config key "synth.solutions": a written task is kept for what its solutions reach together, so it needs at least ${leastSolutions}, got ${synth.solutions}.`,
    );
  await checkSimulatorServer(config);
  const teacher = models.teacher ?? models.simulator;
  return {
    simulator: serverOf(models.simulator) === null ? await findSimulator(models.simulator) : null,
    teacher: synth.tools === "written" && serverOf(teacher) === null ? await findOnDisk(teacher) : null,
  };
}

/** @param store where the tools are, if config.tasks.tools names a task set */
export async function openSynthesis(config: Config, found: SynthesisModels, store: Store): Promise<OpenedSynthesis> {
  if (config.synth.tools === "written") return openWithTeacher(config, found);
  const side = await openSimulatorOf(config, found.simulator);
  return {
    engine: side,
    toolsets: config.synth.tools === "catalogue" ? toolsetsOf(config, store).train : [],
    teacher: null,
    sequences: side.sequences,
    counters: () => ({ policy: noCounters, simulator: side.counters() }),
    [Symbol.asyncDispose]: () => side[Symbol.asyncDispose](),
  };
}

async function openWithTeacher(config: Config, { simulator, teacher }: SynthesisModels): Promise<OpenedSynthesis> {
  if (teacher === null) throw new PlayactError("config", "A teacher on a server cannot be used yet. Name a model on this disk.");
  const engine = await openEngineOf(config, { seats: { policy: teacher, simulator } });
  const form = await callFormOf(engine, { config, form: null }, teacher.entry ?? {}, () => undefined);
  const { template } = chooseTemplate(engine, form.markers, form.dialect, config.policy.thinking);
  return {
    engine,
    toolsets: [],
    teacher: { policy: engine.policy, vocabulary: engine.vocabulary, template },
    sequences: engine.sequences.simulator,
    counters: engine.counters,
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}
