// The server that plays a run's simulator, where the config names one. Opened before anything is loaded: what is wrong with it is
// known in a second.
import type { Config } from "../config/config.ts";
import { serverOf } from "../config/server.ts";
import { PlayactError } from "../errors.ts";
import type { Engine, SimulatorSide } from "../llm/llm.ts";
import { serverKey } from "../llm/remote/http.ts";
import { openServer } from "../llm/remote/server.ts";

/** As many as the sequences of a simulator on a CPU: others may use the server too. */
export const defaultRequests = 8;

/**
 * The simulator's side on its server; null if it plays in this process. @throws PlayactError("environment" | "model") if the
 * server cannot be used, PlayactError("config") if it cannot do what the config asks of it.
 */
export async function openSimulatorServer(config: Config): Promise<SimulatorSide | null> {
  const address = serverOf(config.models.simulator);
  if (address === null) return null;
  const side = await openServer({
    address,
    key: serverKey(),
    contextTokens: config.engine.simulatorContext,
    requests: config.engine.simulatorSequences ?? defaultRequests,
    thinkTokens: config.simulator.thinking ? config.simulator.thinkTokens : 0,
    deadlineMs: config.rollout.deadlineSeconds * 1000,
  });
  if (side.simulator.weighs || config.reward.verdict !== "mixed") return side;
  await side[Symbol.asyncDispose]();
  throw new PlayactError(
    "config",
    `Config key "reward.verdict": mixed rates the report by log-probs, which ${config.models.simulator} does not give; set reward.verdict=rules or written, or name another simulator.`,
  );
}

/** Whether a config can be played with its simulator's server, if it names one: asks it. Throws likewise. */
export async function checkSimulatorServer(config: Config): Promise<void> {
  await (await openSimulatorServer(config))?.[Symbol.asyncDispose]();
}

/** A sentence about a server that ignores schemas, if this is one. */
export function looseServer({ weights: { simulator } }: Pick<Engine, "weights">): string[] {
  if (!("server" in simulator) || simulator.constrains) return [];
  return [
    `${simulator.server} does not keep to a JSON schema, so each one is told in words: replies that are not valid are asked for again, and then abort their episode. See "A simulator on a server" in docs/running.md.`,
  ];
}
