// The models of a config in their seats, policy, simulator and teacher: found on this disk and fit for what the seat asks, as far as
// their headers tell. Checked before a run is created, so that a wrong file costs a sentence and no minute of loading.
import type { Config } from "../config/config.ts";
import { teacherOf } from "../config/needed-models.ts";
import { serverOf } from "../config/server.ts";
import { PlayactError } from "../errors.ts";
import { knownFormat } from "../llm/text/chat-format.ts";
import { refuseUntrainable } from "../llm/trainable.ts";
import { checkAddress, findOnDisk, type Model } from "../models/model.ts";
import { storedAddress } from "./own-tools.ts";

export interface Seats {
  readonly policy: Model;
  /** Null: on a server. */
  readonly simulator: Model | null;
}

/** @throws PlayactError("model") in one sentence for a model that is missing, wrong, or not fit for its seat */
export async function findSeats({ models }: { readonly models: Pick<Config["models"], "policy" | "simulator"> }): Promise<Seats> {
  const policy = await findOnDisk(models.policy);
  checkPolicy(policy);
  if (serverOf(models.simulator) !== null) return { policy, simulator: null };
  if (models.simulator !== models.policy) return { policy, simulator: await findSimulator(models.simulator) };
  checkSimulator(policy);
  return { policy, simulator: policy };
}

/**
 * The config with the addresses of its models and tools as they are stored: absolute, since another folder may be the current one
 * later. Throws likewise.
 */
export function withCheckedAddresses(config: Config): Config {
  const known = (address: string) => (serverOf(address) === null ? checkAddress(address).text : address);
  const { policy, simulator, teacher } = config.models;
  const models = { policy: known(policy), simulator: known(simulator), teacher: teacher === null ? null : known(teacher) };
  const { tools } = config.tasks;
  return { ...config, models, tasks: { ...config.tasks, tools: tools === null ? null : storedAddress(tools) } };
}

/** The model of an address, fit to be the simulator. Throws likewise. */
export async function findSimulator(address: string): Promise<Model> {
  const model = await findOnDisk(address);
  checkSimulator(model);
  return model;
}

/** The teacher of a run's warm-up, fit for the policy's seat; null: it is on a server, or rules show how. Throws likewise. */
export async function findTeacher(config: Pick<Config, "models" | "warmup">): Promise<Model | null> {
  const address = teacherOf(config);
  if (address === null || serverOf(address) !== null) return null;
  const model = await findOnDisk(address);
  const { markers } = model;
  if (knownFormat({ hasMarker: (text) => markers.has(text) }) !== null) return model;
  throw new PlayactError(
    "model",
    `${model.address.text} cannot be the teacher, because its vocabulary has the turn markers of no frame that Playact writes: name another in models.teacher.`,
  );
}

/** @throws PlayactError("model") */
export function checkPolicy({ address, facts, markers }: Model): void {
  refuseUntrainable(address.text, facts, { hasMarker: (text) => markers.has(text) });
}

/** A simulator's turns are framed by markers that Playact knows, or by its own chat template. @throws PlayactError("model") */
export function checkSimulator({ address, facts, markers }: Model): void {
  if (facts.chatTemplate || knownFormat({ hasMarker: (text) => markers.has(text) }) !== null) return;
  throw new PlayactError(
    "model",
    `${address.text} cannot be the simulator, because its file has no chat template and its vocabulary has the turn markers of no frame that Playact writes: choose an instruct model.`,
  );
}
