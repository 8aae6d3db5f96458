// Step 0 (a small version of ToolMaster's stage one, arXiv 2601.12762): demonstrations -> supervised steps; with warmup.when=auto
// only if the base policy seldom calls right in its own dialect, as the probe finds. Their tasks are drawn like those of a step, with
// twins: after a warm-up on calls alone the policy never declines again (docs/results.md). As in the paper a stronger teacher may
// show how (warmup.from); by default rules do, by blueprints of the local simulator, and the policy's own calls stand in them where
// they are right.

import { mapConcurrent } from "./concurrent.ts";
import { demonstrationSamples } from "./learner/batch.ts";
import { pairOf } from "./pairs.ts";
import { saveCheckpoint } from "./run/checkpoint.ts";
import { commit } from "./run/commit.ts";
import { demonstrated, longTurns } from "./run/demonstrated.ts";
import type { TaskSource } from "./run/draw/task-source.ts";
import { fitsMemory, leftOut } from "./run/left-out.ts";
import type { Metrics } from "./run/metric-list.ts";
import { needsWarmup, type Probed, probeTemplate } from "./run/probe.ts";
import { whileEngineRests } from "./run/residency.ts";
import type { RunState } from "./run/resume.ts";
import type { Session } from "./run/session.ts";
import { beginStep } from "./run/step.ts";
import { type Demonstration, learnFromDemonstrations } from "./run/supervised.ts";
import { expectedOf, swapAndProbe } from "./run/swap.ts";
import { assertTaught, isLearnt, type Show, teacherMetrics, teacherShows } from "./run/teach.ts";
import { closeStep } from "./store/steps.ts";
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

  const { value, rested } = await whileEngineRests(session, async () => {
    const learned = lesson === null ? null : await learnFromDemonstrations(session, lesson.approved);
    return { learned, saved: await saveCheckpoint(session, 0), expected: await expectedOf(session) };
  });
  record.lap("time/update");
  const { learned, saved, expected } = value;
  const version = lesson === null ? 0 : 1;
  const adapter = { path: saved.gguf, hash: saved.hash };
  const swapped = lesson === null ? {} : await swapAndProbe(session, adapter, version, expected);
  // the same adapter, from the run's own file: its parent's may be removed from here on
  if (lesson === null && config.policy.adapter !== null) await session.engine.swap(adapter, version);
  const probed = {
    ...(found === null ? {} : { "probe/right": found.right, "probe/well_formed": found.wellFormed }),
    "probe/append_only": Number(session.template.appendOnly),
  };
  const metrics = { ...probed, ...lesson?.metrics, ...learned?.metrics, ...swapped, ...rested, ...record.metrics() };
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
  progress({ kind: "phase", text });
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
  progress({ kind: "phase", text: `warm-up: drawing ${count} demonstrations` });
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
  if (long !== null) progress({ kind: "warning", text: long });
  const approved = right.filter(({ trajectory }) => fitsMemory(session, demonstrationSamples(trajectory)));
  const counts = {
    ...{ "warmup/approved": approved.length, "warmup/rejected": tasks.size - approved.length },
    ...{ ...teacherMetrics(episodes), ...leftOut(session, right.length - approved.length) },
  };
  return { approved, metrics: { ...metrics, ...counts } };
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
