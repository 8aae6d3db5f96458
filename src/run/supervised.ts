// The supervised passes of the warm-up: which demonstrations share a mini-batch, at which rate, and what the passes measured.
import type { Config } from "../config/config.ts";
import { demonstrationSamples } from "../learner/batch.ts";
import type { UpdateReply, UpdateRequest } from "../learner/learner.ts";
import { assertSameIds } from "../learner/same-ids.ts";
import { draws } from "../rng.ts";
import type { LearnedLogprobs } from "../store/steps.ts";
import type { Trajectory } from "../types.ts";
import type { learnerMetrics, Metrics } from "./metric-list.ts";
import { mean } from "./metrics.ts";
import type { Session } from "./session.ts";

export interface Demonstration {
  /** Of its trajectory in the store. */
  readonly id: number;
  readonly trajectory: Trajectory;
  /** Twins have the same one (pairs.ts). */
  readonly pair: number;
}

export interface Supervised {
  readonly metrics: Metrics;
  /** Log-probs of the demonstrations' turns before training on them; without the turns for which the learner computed no numbers. */
  readonly logprobs: readonly LearnedLogprobs[];
}

/** The parts of a session that the passes need. */
type Passing = Pick<Session, "config" | "learner" | "progress" | "pause">;

/** Trains at a rate that falls linearly to 0: with a constant one the last batches decide whether the policy calls at all. */
export async function learnFromDemonstrations(session: Passing, demonstrations: readonly Demonstration[]): Promise<Supervised> {
  const { config, learner } = session;
  const text = `warm-up: ${config.warmup.epochs} supervised passes over ${demonstrations.length} demonstrations`;
  session.progress({ kind: "phase", text });
  const batches = batchesOf(demonstrations, config);
  const measured: UpdateReply["metrics"][] = [];
  const before = new Map<Demonstration, readonly (readonly number[])[]>();
  for (const [done, batch] of batches.entries()) {
    session.pause(); // the passes take a few minutes: a resumed run repeats them from the start
    const samples = batch.flatMap((one) => demonstrationSamples(one.trajectory).map((sample) => ({ one, sample })));
    const request: UpdateRequest = {
      minibatches: [samples.map(({ sample }) => sample)],
      loss: { kind: "sft" },
      learningRate: config.warmup.learningRate * (1 - done / batches.length),
    };
    const reply = await learner.update(request);
    assertSameIds(request, reply);
    for (const one of batch.filter((one) => !before.has(one)))
      before.set(
        one,
        samples.flatMap((sample, position) => (sample.one === one ? [reply.logprobs[position] ?? []] : [])),
      );
    measured.push(reply.metrics);
    const text = `supervised steps, loss ${(reply.metrics.loss ?? Number.NaN).toFixed(3)}`;
    session.progress({ kind: "count", text, done: done + 1, of: batches.length });
  }
  return { metrics: together(measured), logprobs: demonstrations.flatMap((one) => spansOf(one, before.get(one) ?? [])) };
}

/**
 * The mini-batches of all epochs: pairs in seeded order, as many as fit, and none cut apart unless it is larger than a batch; also if
 * one of a pair is left out. // [batch][demonstration]
 */
export function batchesOf(
  demonstrations: readonly Demonstration[],
  { seed, warmup: { epochs, batch: most } }: Pick<Config, "seed" | "warmup">,
): readonly (readonly Demonstration[])[] {
  const numbers = [...new Set(demonstrations.map(({ pair }) => pair))];
  const pairs = numbers.map((number) => demonstrations.filter(({ pair }) => pair === number));
  return Array.from({ length: epochs }, (_, epoch) => {
    const batches: Demonstration[][] = [];
    for (const pair of draws(seed, "warmup", epoch).shuffle(pairs)) {
      const last = batches.at(-1);
      if (last !== undefined && last.length + pair.length <= most) last.push(...pair);
      else for (let first = 0; first < pair.length; first += most) batches.push(pair.slice(first, first + most));
    }
    return batches;
  }).flat();
}

type Fold = (values: readonly number[]) => number;
const sum: Fold = (values) => values.reduce((total, value) => total + value, 0);
const largest: Fold = (values) => Math.max(...values);
const smallest: Fold = (values) => Math.min(...values);

/** What is no mean over the updates. */
const folds = {
  ...{ num_tokens: sum, skipped_steps: sum, "learner/memory_retries": sum },
  ...{ "learner/packed_tokens": sum, "learner/unpacked_tokens": sum, "learner/seconds_forward_backward": sum },
  ...{ "learner/peak_mb": largest, "learner/predicted_mb": largest, "learner/recomputed_blocks": largest },
  ...{ "learner/restarts": largest, "learner/row_tokens": smallest },
} satisfies { readonly [name in (typeof learnerMetrics)[number]["name"] | "learner/restarts"]?: Fold };

/** The metrics of many updates as those of one. */
function together(updates: readonly UpdateReply["metrics"][]): Metrics {
  const foldOf = new Map<string, Fold>(Object.entries(folds));
  const names = [...new Set(updates.flatMap((metrics) => Object.keys(metrics)))];
  return Object.fromEntries(
    names.map((name) => [name, (foldOf.get(name) ?? mean)(updates.flatMap((metrics) => metrics[name] ?? []))]),
  );
}

/**
 * Splits the log-probs of a demonstration's samples (those with a trained message, in order) by message. The learner skips an update
 * whose forward pass is not finite: what it gave for such a turn is left out, as the store takes numbers alone.
 */
function spansOf({ id: trajectoryId, trajectory }: Demonstration, logprobs: readonly (readonly number[])[]): LearnedLogprobs[] {
  const { messages } = trajectory;
  const trained = [...new Set(messages.flatMap(({ role, sample }) => (role === "assistant" ? [sample] : [])))];
  const starts = new Map<number, number>();
  return messages.flatMap((message, index) => {
    const start = starts.get(message.sample) ?? 0;
    starts.set(message.sample, start + message.ids.length);
    const span = (logprobs[trained.indexOf(message.sample)] ?? []).slice(start, start + message.ids.length);
    return message.role === "assistant" && span.length === message.ids.length && span.every(Number.isFinite)
      ? [{ trajectoryId, message: index, logprobs: span }]
      : [];
  });
}
