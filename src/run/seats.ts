// The models of a config in their seats, policy and simulator: found on this disk and fit for what the seat asks, as far as their
// headers tell. Checked before a run is created, so that a wrong file costs a sentence and no minute of loading.
import type { Config } from "../config/config.ts";
import { serverOf } from "../config/server.ts";
import { PlayactError } from "../errors.ts";
import { chatFormat } from "../llm/text/chat-format.ts";
import { findOnDisk, type Model } from "../models/model.ts";

export interface Seats {
  readonly policy: Model;
  /** Null: on a server. */
  readonly simulator: Model | null;
}

/** As in native/trainer/policy.py: those that the learner was tested with. */
const policyArchitectures = ["llama", "qwen2", "qwen3", "gemma3"];

/** @throws PlayactError("model") in one sentence for a model that is missing, wrong, or not fit for its seat */
export async function findSeats({ models }: Pick<Config, "models">): Promise<Seats> {
  const policy = await findOnDisk(models.policy);
  checkPolicy(policy);
  if (serverOf(models.simulator) !== null) return { policy, simulator: null };
  if (models.simulator !== models.policy) return { policy, simulator: await findSimulator(models.simulator) };
  checkSimulator(policy);
  return { policy, simulator: policy };
}

/** The model of an address, fit to be the simulator. Throws likewise. */
export async function findSimulator(address: string): Promise<Model> {
  const model = await findOnDisk(address);
  checkSimulator(model);
  return model;
}

/** @throws PlayactError("model") */
export function checkPolicy(model: Model): void {
  const { architecture } = model.facts;
  if (!policyArchitectures.includes(architecture))
    throw new PlayactError(
      "model",
      `${model.address.text} has the architecture ${architecture}, which the learner cannot train: it supports ${policyArchitectures.join(", ")}. Choose another policy.`,
    );
  checkFrame(model, "policy");
}

/** @throws PlayactError("model") */
export function checkSimulator(model: Model): void {
  checkFrame(model, "simulator");
}

/** Turns are framed by markers of the vocabulary, with the model's own chat template or without. */
function checkFrame({ address, markers, facts }: Model, seat: keyof Seats): void {
  try {
    chatFormat({ hasMarker: (text) => markers.has(text) });
  } catch (error) {
    if (!(error instanceof PlayactError)) throw error;
    const template = facts.chatTemplate ? "" : " Its file has no chat template either.";
    throw new PlayactError("model", `${address.text} cannot be the ${seat}. ${error.message}${template}`);
  }
}
