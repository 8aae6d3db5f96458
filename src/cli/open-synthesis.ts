// Opens what makes a task set: the simulator, and for written tasks the teacher in the policy's seat.
import type { Config } from "../config/config.ts";
import { serverOf } from "../config/server.ts";
import { PlayactError } from "../errors.ts";
import { openGrammarParser } from "../llm/engine/llama-grammar.ts";
import { type EngineCounters, noCounters, type SimulatorSide } from "../llm/llm.ts";
import { findOnDisk, type Model } from "../models/model.ts";
import { openSimulatorOf } from "../run/open-engine.ts";
import { findSimulator } from "../run/seats.ts";
import { checkSimulatorServer } from "../run/simulator-server.ts";
import { openServedTeacher, openTeachersEngine } from "../run/teacher.ts";
import { toolsetsOf } from "../run/toolsets.ts";
import type { Store } from "../store/store.ts";
import type { Parts } from "../synth/parts.ts";
import { leastSolutions } from "../synth/written/solutions.ts";

export interface OpenedSynthesis extends AsyncDisposable, Omit<Parts, "simulator"> {
  readonly engine: Pick<SimulatorSide, "simulator">;
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
  if (synth.tools === "written" && config.simulator.user !== "written")
    throw new PlayactError(
      "config",
      'Config key "synth.tools": the user of a written task tells its background in words of their own: also set simulator.user=written, or take --preset synthagent.',
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
  const toolsets = config.synth.tools === "catalogue" ? toolsetsOf(config, store).train : [];
  const opened = await openGrammarParser();
  const models = config.synth.tools === "written" ? openWithTeacher(config, found) : openAlone(config, found);
  const { close, ...parts } = await models.catch(async (error) => {
    await opened[Symbol.asyncDispose]();
    throw error;
  });
  return {
    ...parts,
    parser: opened.parser,
    toolsets,
    [Symbol.asyncDispose]: async () => {
      await close();
      await opened[Symbol.asyncDispose]();
    },
  };
}

type OpenedModels = Pick<OpenedSynthesis, "engine" | "teacher" | "sequences" | "counters"> & {
  readonly close: () => PromiseLike<void>;
};

/** Rules know the solution of what they have assembled or drawn. */
async function openAlone(config: Config, { simulator }: SynthesisModels): Promise<OpenedModels> {
  const side = await openSimulatorOf(config, simulator);
  return {
    ...{ engine: side, teacher: null, sequences: side.sequences },
    counters: () => ({ policy: noCounters, simulator: side.counters() }),
    close: () => side[Symbol.asyncDispose](),
  };
}

function openWithTeacher(config: Config, { simulator, teacher }: SynthesisModels): Promise<OpenedModels> {
  return teacher === null ? openWithServedTeacher(config, simulator) : openWithTeacherBeside(config, simulator, teacher);
}

async function openWithServedTeacher(config: Config, simulator: Model | null): Promise<OpenedModels> {
  const served = await openServedTeacher(config);
  const alone = await openAlone(config, { simulator, teacher: null }).catch(async (error) => {
    await served[Symbol.asyncDispose]();
    throw error;
  });
  return {
    ...{ ...alone, teacher: served.teacher },
    counters: () => ({ ...alone.counters(), policy: served.counters() }),
    close: async () => {
      await alone.close();
      await served[Symbol.asyncDispose]();
    },
  };
}

async function openWithTeacherBeside(config: Config, simulator: Model | null, seated: Model): Promise<OpenedModels> {
  const opened = await openTeachersEngine(config, { teacher: seated, simulator });
  const { engine, teacher } = opened;
  return {
    ...{ teacher, engine, sequences: engine.sequences.simulator, counters: engine.counters },
    close: () => opened[Symbol.asyncDispose](),
  };
}
