// Stage one (ToolMaster, arXiv 2601.12762, in small): demonstrations -> supervised steps. It runs as step 0 when the probe
// finds that the policy forms no call. Some of the demonstrations decline: a warm-up on calls alone leaves a policy that
// never declines again (measured, design section 9). Each of those is a call's twin with its tools withheld, trained on
// beside it. Departs from the paper: the demonstrations are blueprints of the local simulator, kept when the rules approve
// them, not trajectories of a strong teacher.

import type { Config } from "./config/config.ts";
import { demonstrationSamples } from "./learner/batch.ts";
import type { UpdateRequest } from "./learner/learner.ts";
import { assertSameIds } from "./learner/same-ids.ts";
import { judge } from "./reward/judge.ts";
import { draws } from "./rng.ts";
import { demonstrate } from "./rollout/demonstration.ts";
import { saveCheckpoint } from "./run/checkpoint.ts";
import { commit } from "./run/commit.ts";
import { drawTasks, type Series } from "./run/draw-tasks.ts";
import { type Metrics, stopwatch, tallyMetrics } from "./run/metrics.ts";
import type { RunState } from "./run/resume.ts";
import { courtOf, type Session } from "./run/session.ts";
import { swapAndProbe } from "./run/swap.ts";
import type { Tally } from "./simulator/usage.ts";
import { closeStep } from "./store/steps.ts";
import { saveTask } from "./store/tasks.ts";
import { loadTrajectories, saveTrajectory } from "./store/trajectories.ts";
import { withholdTools } from "./tasks/irrelevance.ts";
import type { Task, Trajectory } from "./types.ts";

/** Least verdict of a demonstration that is kept: all calls right and half of the results reported. */
const approvedReward = 0.75;

/**
 * Finishes the open step 0: writes the demonstrations, trains on them and swaps the adapter in as version 1. Where no
 * warm-up is wanted there are none, and the untrained adapter (which changes nothing) is version 0's checkpoint.
 * `asked`: what the simulator was asked for before the probe; what came since is the warm-up's.
 * @returns null when it was stopped before it was done
 */
export async function warmUp(session: Session, found: Metrics, wanted: boolean, asked: Tally): Promise<RunState | null> {
  const { config, writer, engine } = session;
  const watch = stopwatch();
  const level = config.curriculum.start;
  if (!wanted) {
    const saved = await saveCheckpoint(session, 0);
    const metrics = { ...found, ...tallyMetrics(session.tally, asked), ...watch.read() };
    const closing = { nextLevel: level, nextPolicyVersion: 0, metrics, checkpoint: saved.row, advantages: [] };
    await commit(session, () => closeStep(writer, 0, closing));
    return { closed: 0, level, version: 0 };
  }
  session.progress({ kind: "phase", text: `warm-up: writing ${config.warmup.demonstrations} demonstrations`, step: 0 });
  const drawn = await drawTasks(session, demonstrations(config, level));
  if (drawn === null) return null;
  const tasks = await withTwins(session, drawn.tasks);

  const scene = {
    vocabulary: engine.vocabulary,
    template: session.template,
    dialect: session.dialect,
    policyVersion: 0,
    toolChars: config.rollout.toolChars,
  };
  const stored = new Map(
    loadTrajectories(writer.store, writer.run, { step: 0, purpose: "demonstration" }).map((row) => [row.taskIndex, row]),
  );
  const court = courtOf(session, "rules");
  const approved: Demonstration[] = [];
  for (const [index, task] of tasks) {
    const known = stored.get(index);
    const trajectory =
      known?.trajectory ??
      (await judge({ trajectory: demonstrate(task, [config.seed, "demonstration", index], scene), lines: [] }, court));
    const demonstrated = { step: 0, purpose: "demonstration", task: index } as const;
    const id = known?.id ?? (await commit(session, () => saveTrajectory(writer, demonstrated, trajectory)));
    if ((trajectory.verdict?.reward ?? -1) >= approvedReward) approved.push({ id, trajectory, pair: pairOf(config, index) });
  }

  watch.lap("time/demonstrations");
  session.progress({
    kind: "phase",
    text: `warm-up: ${config.warmup.epochs} supervised passes over ${approved.length} demonstrations`,
    step: 0,
  });
  const learned = await supervise(session, approved);
  if (learned === null) return null;
  const saved = await saveCheckpoint(session, 0);
  watch.lap("time/update");
  const swapped = await swapAndProbe(session, { path: saved.gguf, hash: saved.hash }, 1);
  const closing = {
    nextLevel: level,
    nextPolicyVersion: 1,
    metrics: {
      ...found,
      ...drawn.metrics,
      ...learned.metrics,
      ...swapped,
      ...tallyMetrics(session.tally, asked),
      "warmup/approved": approved.length,
      "warmup/rejected": tasks.size - approved.length,
      ...watch.read(),
    },
    checkpoint: saved.row,
    advantages: [],
    learnerLogprobs: approved.flatMap(({ id, trajectory }, index) => spansOf(id, trajectory, learned.logprobs[index] ?? [])),
  };
  await commit(session, () => closeStep(writer, 0, closing));
  return { closed: 0, level, version: 1 };
}

interface Demonstration {
  readonly id: number;
  readonly trajectory: Trajectory;
  /** The same for a call and its twins. */
  readonly pair: number;
}

/** How many of the demonstrations are written by the simulator: the calls. The others are their twins. */
function written({ warmup }: Config): number {
  return Math.max(1, Math.round(warmup.demonstrations * (1 - warmup.declineShare)));
}

const pairOf = (config: Config, index: number) => index % written(config);

/** The series of tasks that are demonstrated and written: calls only, with the aspects of the level itself. */
export function demonstrations(config: Config, level: number): Series {
  return { id: "demo", step: 0, purpose: "demonstration", first: 0, count: written(config), level, declineShare: 0, epsilon: 0 };
}

/** Adds the twins of the written tasks, behind them; stored at once like them. */
async function withTwins(session: Session, calls: ReadonlyMap<number, Task>): Promise<ReadonlyMap<number, Task>> {
  const { config, writer } = session;
  const tasks = new Map(calls);
  for (let index = written(config); index < config.warmup.demonstrations; index++) {
    const call = calls.get(pairOf(config, index));
    if (call === undefined || tasks.has(index)) continue;
    const twin = withholdTools(call, session.toolsets.train, draws(config.seed, "twin", index));
    await commit(session, () => saveTask(writer, { step: 0, purpose: "demonstration", index }, twin));
    tasks.set(index, twin);
  }
  return tasks;
}

/**
 * Supervised epochs in seeded order, a call and its twins side by side, at a rate that falls linearly to 0: with a constant
 * one the last batches decide whether the policy calls at all. Returns the log-probs of each demonstration
 * before it was trained on; null when stopped.
 */
async function supervise(session: Session, demonstrations: readonly Demonstration[]) {
  const { config, learner } = session;
  const { epochs, batch, learningRate } = config.warmup;
  const logprobs: (readonly (readonly number[])[])[] = demonstrations.map(() => []);
  let metrics: Readonly<Record<string, number>> = {};
  const batches = Math.ceil(demonstrations.length / batch) * epochs;
  let done = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const pairs = draws(config.seed, "warmup", epoch).shuffle([...new Set(demonstrations.map(({ pair }) => pair))]);
    const order = pairs.flatMap((pair) => [...demonstrations.entries()].filter(([, one]) => one.pair === pair));
    for (let first = 0; first < order.length; first += batch) {
      if (session.stopping()) return null; // the passes are few minutes: they begin anew
      const part = order.slice(first, first + batch);
      const samples = part.flatMap(([index, { trajectory }]) =>
        demonstrationSamples(trajectory).map((sample) => ({ index, sample })),
      );
      const rate = learningRate * (1 - done / batches);
      const request: UpdateRequest = {
        minibatches: [samples.map(({ sample }) => sample)],
        loss: { kind: "sft" },
        learningRate: rate,
      };
      const reply = await learner.update(request);
      assertSameIds(request, reply);
      if (epoch === 0)
        for (const [index] of part)
          logprobs[index] = samples.flatMap((one, position) => (one.index === index ? [reply.logprobs[position] ?? []] : []));
      metrics = reply.metrics;
      session.progress({
        kind: "count",
        text: `supervised steps, loss ${(reply.metrics.loss ?? Number.NaN).toFixed(3)}`,
        done: ++done,
        of: batches,
      });
    }
  }
  return { metrics, logprobs };
}

/** Cuts the log-probs of a demonstration's samples (those that hold a trained message, in order) back into these messages. */
function spansOf(trajectoryId: number, { messages }: Trajectory, logprobs: readonly (readonly number[])[]) {
  const trained = [...new Set(messages.flatMap(({ role, sample }) => (role === "assistant" ? [sample] : [])))];
  const starts = new Map<number, number>();
  return messages.flatMap((message, index) => {
    const start = starts.get(message.sample) ?? 0;
    starts.set(message.sample, start + message.ids.length);
    const span = (logprobs[trained.indexOf(message.sample)] ?? []).slice(start, start + message.ids.length);
    return message.role === "assistant" && span.length === message.ids.length
      ? [{ trajectoryId, message: index, logprobs: span }]
      : [];
  });
}
