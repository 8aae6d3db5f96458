// THE algorithm: TRUSTEE (arXiv 2604.17739) on one machine, after ToolMaster's warm-up (warmup.ts). Everything called here
// is a leaf; a new algorithm is a new short loop over the same leaves.
//
//   paper                          here                                   why
//   simulator writes free tasks    calls first, then the words            a small simulator writes no useful free task
//   user, tools written by an LM   chosen / blueprint, rules first        the same; what a rule can tell, no model is asked
//   written verdict -1 | 0 | 1     rules + anchored log-odds (mixed)      the same; GRPO needs an order within the group
//   aborted episodes are judged    left out of loss, group, curriculum    a failure of the world is not a zero
//   dead groups stay in the loss   only where KL or entropy teach them    else they carry no signal (trl#6367: +2.4 points)
//   lone survivor keeps its reward teaches nothing                        there is nobody to compare it with
//   sampler = trainer assumed      truncated importance weights           the sampler is quantised, the gap is a metric
//   level saved before its update  one transaction closes the step        a resumed run is the same run

import { evaluate, heldOutTasks } from "./evaluate.ts";
import { assignAdvantages, byMessage } from "./reward/assign.ts";
import { rollOutGroups } from "./rollout/group.ts";
import { removeOldCheckpoints, saveCheckpoint } from "./run/checkpoint.ts";
import { commit } from "./run/commit.ts";
import { drawTasks } from "./run/draw-tasks.ts";
import { learn } from "./run/learn.ts";
import { groupMetrics, stopwatch, tallyMetrics } from "./run/metrics.ts";
import { prepare } from "./run/prepare.ts";
import { type RunState, resume, temperatureOf } from "./run/resume.ts";
import { courtOf, type Session, sceneOf } from "./run/session.ts";
import { swapAndProbe } from "./run/swap.ts";
import { closeStep, openStep, openStepOf } from "./store/steps.ts";
import { loadTrajectories, saveTrajectory } from "./store/trajectories.ts";
import { nextLevel } from "./tasks/curriculum.ts";
import type { Trajectory } from "./types.ts";

/** Trains until config.steps are closed. Whatever is finished is in the store at any moment; null waits mean "stopped". */
export async function train(session: Session): Promise<"finished" | "interrupted"> {
  const { config } = session;
  const resumed = await resume(session);
  const heldOut = await heldOutTasks(session);
  let state = heldOut && (await prepare(session, resumed, heldOut));
  if (!heldOut || !state) return "interrupted";
  if (state.closed === 0 && !(await evaluate(session, heldOut, "warmup"))) return "interrupted";

  while ((state.closed ?? 0) < config.steps) {
    state = await trainStep(session, (state.closed ?? 0) + 1, state);
    if (!state) return "interrupted";
  }
  return (await evaluate(session, heldOut, `step ${state.closed}`)) ? "finished" : "interrupted";
}

/** One step: from one policy version to the next. Null when it was stopped before all its episodes were finished. */
async function trainStep(session: Session, step: number, state: RunState): Promise<RunState | null> {
  const { config, writer, engine, progress } = session;
  const watch = stopwatch();
  const temperature = temperatureOf(session, step);
  const asked = { ...session.tally };
  if (openStepOf(writer.store, writer.run) === null)
    await commit(session, () => openStep(writer, step, { level: state.level, policyVersion: state.version }));

  // draw tasks for the level
  const size = config.tasks.perStep;
  progress({ kind: "phase", text: `writing ${size} tasks at level ${state.level}`, step });
  const series = {
    id: "train",
    step,
    purpose: "train",
    first: (step - 1) * size,
    count: size,
    level: state.level,
    declineShare: config.tasks.decline,
    epsilon: config.curriculum.epsilon,
  } as const;
  const drawn = await drawTasks(session, series);
  if (!drawn) return null;
  watch.lap("time/tasks");

  // roll out G episodes a task; each is judged and committed the moment it ends
  const kept = loadTrajectories(writer.store, writer.run, { step, purpose: "train" });
  const ids = new Map(kept.map((row) => [place(row.taskIndex, row.trajectory), row.id]));
  const total = drawn.tasks.size * config.rollout.groupSize;
  progress({ kind: "phase", text: `rolling out ${total} episodes`, step });
  const groups = await rollOutGroups(
    {
      tasks: drawn.tasks,
      groupSize: config.rollout.groupSize,
      names: [config.seed, "step", step],
      done: kept,
      concurrency: engine.sequences.policy + engine.sequences.simulator,
      keep: async (task, trajectory) => {
        const id = await commit(session, () => saveTrajectory(writer, { step, purpose: "train", task }, trajectory));
        ids.set(place(task, trajectory), id);
        progress({ kind: "count", text: "episodes", done: ids.size, of: total });
      },
      stopping: session.stopping,
    },
    sceneOf(session, temperature),
    courtOf(session, config.reward.verdict),
  );
  if (!groups) return null;
  watch.lap("time/rollout");

  // rewards -> advantages -> batch -> update (dead groups stay out of loss and denominator)
  const scored = assignAdvantages(groups, config.advantage, config.reward.overlongBuffer);
  progress({
    kind: "phase",
    text: `training on ${scored.filter((group) => !group.dead).length} of ${scored.length} groups`,
    step,
  });
  const learned = await learn(session, scored, { step, temperature });
  watch.lap("time/update");

  // save, swap the adapter: a new policy version
  const saved = await saveCheckpoint(session, step);
  const swapped = await swapAndProbe(session, { path: saved.gguf, hash: saved.hash }, state.version + 1);
  watch.lap("time/swap");

  // next level; close the step: metrics, level, advantages and checkpoint in one transaction
  const rolled = groupMetrics(scored);
  const next: RunState = {
    closed: step,
    level: nextLevel(state.level, rolled.reward ?? null, config.curriculum, step),
    version: state.version + 1,
  };
  const simulator = tallyMetrics(session.tally, asked);
  const knobs = { "curriculum/level": state.level, "rollout/temperature": temperature };
  const metrics = { ...drawn.metrics, ...rolled, ...learned, ...swapped, ...simulator, ...knobs, ...watch.read() };
  const closing = {
    nextLevel: next.level,
    nextPolicyVersion: next.version,
    metrics,
    checkpoint: saved.row,
    advantages: scored.flatMap((group) =>
      group.trajectories.flatMap((trajectory, member) =>
        byMessage(group, member).map((assigned) => ({ ...assigned, trajectoryId: ids.get(place(group.index, trajectory)) ?? 0 })),
      ),
    ),
  };
  await commit(session, () => closeStep(writer, step, closing));
  await removeOldCheckpoints(session);
  progress({ kind: "step", step, of: config.steps, level: state.level, metrics });
  return next;
}

/** Key of a trajectory within its step. */
function place(task: number, trajectory: Trajectory): string {
  return `${task}/${trajectory.sample}`;
}
