// Trajectories -> training samples: the ids the policy saw and sampled, with mask, behaviour log-probs and advantages.
// Pure. Nothing is tokenised here: the learner sees only numbers. Padding and mini-batches are elsewhere.
import type { Message, TrainingSample, Trajectory } from "../types.ts";

/**
 * GRPO samples of one trajectory, one per sample index (a template that is not append-only has several).
 * A token has mask 1 if and only if the policy sampled it, or in a guide (author `blueprint`) the rule wrote it as the policy's; it
 * has its turn's advantage. Samples of a guide are marked, since their log-probs mean nothing.
 * @param turnAdvantages one per such assistant message, in order: a number, or one for each of its ids // [turn]
 * @returns nothing for an aborted trajectory (its failure is not the policy's); samples without a sampled id are omitted
 * @throws RangeError if the number of advantages or log-probs does not match the messages
 */
export function trainingSamples(
  trajectory: Trajectory,
  turnAdvantages: readonly (number | readonly number[])[],
): TrainingSample[] {
  if (trajectory.status === "aborted") return [];
  const isGuide = trajectory.author === "blueprint";
  const own = trajectory.messages.filter(isGuide ? isWritten : isSampled);
  if (own.length !== turnAdvantages.length) {
    throw new RangeError(`${own.length} sampled turns but ${turnAdvantages.length} advantages`);
  }
  const advantageOf = new Map(own.map((message, turn) => [message, turnAdvantages[turn] ?? 0]));
  const samples = concatenate(trajectory.messages, (message) => {
    const advantage = advantageOf.get(message);
    return advantage === undefined ? null : { logprobs: message.logprobs ?? message.ids.map(() => 0), advantage };
  });
  return isGuide ? samples.map((sample) => ({ ...sample, guide: true })) : samples;
}

/**
 * Supervised samples of a demonstration: its assistant messages were written, not sampled (their log-probs are null),
 * and all of their ids are trained on. Log-probs and advantages are 0; the supervised loss reads neither.
 */
export function demonstrationSamples(trajectory: Trajectory): TrainingSample[] {
  return concatenate(trajectory.messages, (message) =>
    isWritten(message) ? { logprobs: message.ids.map(() => 0), advantage: 0 } : null,
  );
}

/** The ids that an update computes: ids after a sample's last trained token have no effect on it. */
export function trainedPart({ ids, mask }: TrainingSample): readonly number[] {
  return ids.slice(0, mask.lastIndexOf(1) + 1);
}

/** True for messages that the policy itself wrote: a turn that was given to it has no log-probs. */
function isSampled(message: Message): boolean {
  return message.role === "assistant" && message.logprobs !== null;
}

/** True for turns of the assistant that were given to the policy. */
function isWritten(message: Message): boolean {
  return message.role === "assistant" && message.logprobs === null;
}

interface Trained {
  readonly logprobs: readonly number[];
  readonly advantage: number | readonly number[];
}

/** Concatenates the messages of each sample index, in the order of the trajectory. `trained` is null for foreign text. */
function concatenate(messages: readonly Message[], trained: (message: Message) => Trained | null): TrainingSample[] {
  const samples = new Map<number, { ids: number[]; mask: (0 | 1)[]; logprobs: number[]; advantages: number[] }>();
  for (const message of messages) {
    const sample = samples.get(message.sample) ?? { ids: [], mask: [], logprobs: [], advantages: [] };
    samples.set(message.sample, sample);
    const own = trained(message);
    if (own !== null && own.logprobs.length !== message.ids.length) {
      throw new RangeError(`a sampled message has ${message.ids.length} ids but ${own.logprobs.length} log-probs`);
    }
    const advantage = own?.advantage ?? 0;
    if (typeof advantage !== "number" && advantage.length !== message.ids.length) {
      throw new RangeError(`a sampled message has ${message.ids.length} ids but ${advantage.length} advantages`);
    }
    message.ids.forEach((id, position) => {
      sample.ids.push(id);
      sample.mask.push(own === null ? 0 : 1);
      sample.logprobs.push(own?.logprobs[position] ?? 0);
      sample.advantages.push(typeof advantage === "number" ? advantage : (advantage[position] ?? 0));
    });
  }
  return [...samples.values()].filter((sample) => sample.mask.includes(1));
}
