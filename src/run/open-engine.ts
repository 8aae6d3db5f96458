// Opens the models of a config in their seats: both, or the simulator alone; in this process or on a server.
import type { Config } from "../config/config.ts";
import { openEngine, openPolicySide, openSimulatorSide } from "../llm/engine/llama.ts";
import { type Engine, join, type SimulatorSide } from "../llm/llm.ts";
import type { Model } from "../models/model.ts";
import type { MemoryPlan } from "../plan/plan.ts";
import { findSeats, findSimulator, type Seats } from "./seats.ts";
import { openSimulatorServer } from "./simulator-server.ts";

/** What is known of an engine before it opens; without a plan (commands that need no learner) it sees what is free. */
interface Known {
  readonly seats?: Seats;
  readonly plan?: MemoryPlan;
}

/** The engine of a config, with the sequences of its plan. */
export async function openEngineOf(config: Config, { seats, plan }: Known = {}): Promise<Engine> {
  const { policy, simulator } = seats ?? (await findSeats(config));
  const { policySequences, simulatorSequences } = plan?.engine ?? config.engine;
  const sequences = { policySequences, simulatorSequences, wholeOnGpu: plan !== undefined };
  const options = { policyModel: policy.path, ...config.engine, ...sequences };
  const served = await openSimulatorServer(config);
  if (served === null) return openEngine({ ...options, simulatorModel: simulator?.path ?? null });
  const side = await openPolicySide(options).catch(async (error) => {
    await served[Symbol.asyncDispose]();
    throw error;
  });
  return join(side, served);
}

/** The simulator of a config alone; `model`: its file, null on a server. */
export async function openSimulatorOf(config: Config, model: Model | null): Promise<SimulatorSide> {
  const served = await openSimulatorServer(config);
  if (served !== null) return served;
  const { path } = model ?? (await findSimulator(config.models.simulator));
  return openSimulatorSide({ simulatorModel: path, ...config.engine });
}
