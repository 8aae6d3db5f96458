// Step 0 (a small version of ToolMaster's stage one, arXiv 2601.12762): demonstrations -> supervised steps; with warmup.when=auto
// only if the base policy seldom calls right in its own dialect, as the probe finds. Their tasks are drawn like those of a step, with
// twins: after a warm-up on calls alone the policy never declines again (docs/results.md). As in the paper a stronger teacher may
// show how (warmup.from); by default rules do, by blueprints of the local simulator, and the policy's own calls stand in them where
// they are right.

import { mapConcurrent } from "./concurrent.ts";
import { demonstrationSamples } from "./learner/batch.ts";
import type { UpdateRequest } from "./learner/learner.ts";
import { assertSameIds } from "./learner/same-ids.ts";
import { pairOf } from "./pairs.ts";
import { draws } from "./rng.ts";
import { saveCheckpoint } from "./run/checkpoint.ts";
import { commit } from "./run/commit.ts";
import { demonstrated, longTurns } from "./run/demonstrated.ts";
import { fitsMemory, leftOut } from "./run/left-out.ts";
import type { Metrics } from "./run/metric-list.ts";
import { needsWarmup, type Probed, probeTemplate } from "./run/probe.ts";
import type { RunState } from "./run/resume.ts";
import type { Session } from "./run/session.ts";
import { beginStep } from "./run/step.ts";
import { expectedOf, swapAndProbe } from "./run/swap.ts";
import type { TaskSource } from "./run/task-source.ts";
import { assertTaught, isLearnt, type Show, teacherMetrics, teacherShows } from "./run/teach.ts";
import { training } from "./run/turns.ts";
import { closeStep, type LearnedLogprobs } from "./store/steps.ts";
import { loadTrajectories, saveTrajectory } from "./store/trajectories.ts";
import type { Task, Trajectory } from "./types.ts";

/**
 * Prepares the policy of a new run. With a warm-up its trained adapter is version 1; without one, the adapter that it begins with
 * (its parent's, or an untrained one, which changes nothing) is the checkpoint of version 0.
 */
export async function warmUp(session: Session, source: TaskSource, state: RunState): Promise<RunState> {
  const { config, writer } = session;
  const record = await beginStep(session, 0, state);
  const found = config.warmup.when === "auto" ? await probeBase(session) : null;
  const wanted = found === null ? config.warmup.when === "always" : needsWarmup(found);
  const lesson = wanted ? await drawLesson(session, source, state.level) : null;
  if (wanted) record.lap("time/demonstrations");

  const turn = await training(session, async () => {
    const learned = lesson === null ? null : await learnDemonstrations(session, lesson.approved);
    return { learned, saved: await saveCheckpoint(session, 0), expected: await expectedOf(session) };
  });
  record.lap("time/update");
  const { learned, saved, expected } = turn.value;
  const version = lesson === null ? 0 : 1;
  const adapter = { path: saved.gguf, hash: saved.hash };
  const swapped = lesson === null ? {} : await swapAndProbe(session, adapter, version, expected);
  // the same adapter, from the run's own file: its parent's may be removed from here on
  if (lesson === null && config.policy.adapter !== null) await session.engine.swap(adapter, version);
  const probed = {
    ...(found === null ? {} : { "probe/right": found.right, "probe/well_formed": found.wellFormed }),
    "probe/append_only": Number(session.template.appendOnly),
  };
  const metrics = { ...probed, ...lesson?.metrics, ...learned?.metrics, ...swapped, ...turn.rested, ...record.metrics() };
  await commit(session, () =>
    closeStep(writer, 0, {
      ...{ nextLevel: state.level, nextPolicyVersion: version, metrics },
      ...{ checkpoint: saved.row, learnerLogprobs: learned?.logprobs ?? [] },
    }),
  );
  return { ...state, closed: 0, version };
}

/** How the base policy calls in the run's dialect, on the tasks of the probe. */
async function probeBase({ engine, template, progress, signal }: Session): Promise<Probed> {
  const found = await probeTemplate(engine, template, signal);
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const text = `probe: ${percent(found.right)} of first calls in ${template.dialect} are right, ${percent(found.wellFormed)} well formed`;
  progress({ kind: "phase", text, step: 0 });
  return found;
}

/** What the warm-up trains on. */
interface Lesson {
  readonly approved: readonly Demonstration[];
  readonly metrics: Metrics;
}

/** Draws the tasks, has them shown, and keeps what can be learnt from. */
async function drawLesson(session: Session, source: TaskSource, level: number): Promise<Lesson> {
  const { config, progress } = session;
  const { demonstrations: count } = config.warmup;
  progress({ kind: "phase", text: `warm-up: drawing ${count} demonstrations`, step: 0 });
  const { tasks, metrics } = await source.draw({
    ...{ id: "demo", step: 0, purpose: "demonstration", first: 0, count },
    ...{ level, declineShare: config.warmup.declineShare, epsilon: 0 },
  });
  const shown = await demonstrateAll(session, tasks);
  const episodes = shown.map(({ trajectory }) => trajectory);
  assertTaught(config, episodes);
  const right = shown.filter(({ trajectory }) => isLearnt(trajectory, session.template.dialect));
  const long = longTurns(
    right.map(({ trajectory }) => trajectory),
    config,
  );
  if (long !== null) progress({ kind: "warning", text: long, step: 0 });
  const approved = right.filter(({ trajectory }) => fitsMemory(session, demonstrationSamples(trajectory)));
  const counts = {
    ...{ "warmup/approved": approved.length, "warmup/rejected": tasks.size - approved.length },
    ...{ ...teacherMetrics(episodes), ...leftOut(session, right.length - approved.length, 0) },
  };
  return { approved, metrics: { ...metrics, ...counts } };
}

/** Result of the supervised steps. */
interface Learned {
  readonly metrics: Metrics;
  /** Log-probs of the demonstrations' turns before training on them. */
  readonly logprobs: readonly LearnedLogprobs[];
}

async function learnDemonstrations(session: Session, approved: readonly Demonstration[]): Promise<Learned> {
  const { epochs } = session.config.warmup;
  const text = `warm-up: ${epochs} supervised passes over ${approved.length} demonstrations`;
  session.progress({ kind: "phase", text, step: 0 });
  const { metrics, logprobs } = await supervise(session, approved);
  return {
    metrics,
    logprobs: approved.flatMap(({ id, trajectory }, index) => spansOf(id, trajectory, logprobs[index] ?? [])),
  };
}

interface Demonstration {
  readonly id: number;
  readonly trajectory: Trajectory;
  readonly pair: number;
}

/** Stores an episode that shows how each task is done, by its teacher or by rule; in the order of the tasks. */
async function demonstrateAll(session: Session, tasks: ReadonlyMap<number, Task>): Promise<Demonstration[]> {
  const { config, writer, engine, withTeacher } = session;
  const place = { step: 0, purpose: "demonstration" } as const;
  const shown = new Map<number, Demonstration>();
  const add = (index: number, id: number, trajectory: Trajectory) => shown.set(index, { id, trajectory, pair: pairOf(index) });
  for (const { taskIndex, id, trajectory } of loadTrajectories(writer.store, writer.run, place)) add(taskIndex, id, trajectory);
  const left = [...tasks].filter(([index]) => !shown.has(index));
  const make = async (show: Show, atOnce: number) => {
    await mapConcurrent(left, atOnce, async ([index, task]) => {
      session.pause();
      const trajectory = await show(task, index);
      add(index, await commit(session, () => saveTrajectory(writer, { ...place, task: index }, trajectory)), trajectory);
      if (withTeacher) session.progress({ kind: "count", text: "tasks of the teacher", done: shown.size, of: tasks.size });
    });
  };
  if (withTeacher === undefined)
    await make((task, index) => demonstrated(session, task, [config.seed, "demonstration", index]), engine.sequences.policy);
  else if (left.length > 0) await withTeacher((seated) => make(teacherShows(session, seated), seated.sequences));
  return [...shown].toSorted(([a], [b]) => a - b).map(([, one]) => one);
}

/**
 * Supervised epochs in seeded order, twins side by side, at a rate that falls linearly to 0: with a constant one the last
 * batches decide whether the policy calls at all. Returns the log-probs of each demonstration before it was trained on.
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
      session.pause(); // the passes take a few minutes: a resumed run repeats them from the start
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

/** Splits the log-probs of a demonstration's samples (those with a trained message, in order) by message. */
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
