// THE algorithm: TRUSTEE (arXiv 2604.17739) on one machine, after ToolMaster's warm-up (warmup.ts). A method is defined by its
// source of tasks, its world and its verdict; this loop depends on none of them.
//
//   in the paper                      here                                 where                         why
//   simulator writes free tasks       calls first, then the words          tasks/write-task.ts           a small simulator writes no useful free task
//                                     or a task set, made before           run/draw/source-of.ts         tools of their own for every task (SynthAgent, arXiv 2601.22511)
//   user and tools written by an LM   chosen, blueprint; rules first       simulator/world.ts            the same; a model decides only what no rule can
//   written verdict -1 | 0 | 1        rules; or a rubric, or written       reward/judge.ts               the same; GRPO needs an order within the group
//   aborted episodes are judged       left out of loss, group, level       reward/assign.ts              a failure of the world is not a zero
//   a lone survivor keeps its reward  gets advantage 0                     reward/assign.ts              there is nothing to compare it with
//   turn rewards shape advantages     TGRPO; uniform: they do not          reward/advantage.ts           the same by default, there and here
//   a failed group teaches little     the right episode joins it           rollout/group.ts              it shows what nobody found (LUFFY, arXiv 2504.14945)
//   tasks are drawn independently     many in pairs: twins                 run/draw/twins.ts             a pair shows when to call, ask or decline
//   groups are played whole           stopped when their half agrees       rollout/agreement.ts          dead groups cost as much time as others
//   dead groups stay in the loss      only with a KL term                  run/learn.ts                  without one they carry no signal (trl#6367: +2.4 points)
//   clipped loss with a KL            the same, six losses                 native/trainer/loss.py
//   sampler = trainer assumed         truncated importance weights         native/trainer/correction.py  the sampler is quantised; the gap is a metric
//   new weights go to the sampler     an adapter, checked after the swap   run/swap.ts                   a stale adapter would go unnoticed
//   level follows the mean reward     the same                             tasks/curriculum.ts
//   the last checkpoint is the model   the best by first turns              store/selection.ts            the last one may have unlearned something
//   level saved before its update     one transaction closes the step      store/steps.ts                a resumed run is the same run
import { evaluateBase, evaluateBest, evaluateStep } from "./evaluate.ts";
import { stepAdvantages } from "./reward/assign.ts";
import { removeOldCheckpoints, saveCheckpoint } from "./run/checkpoint.ts";
import { commit } from "./run/commit.ts";
import { sourceOf } from "./run/draw/source-of.ts";
import type { TaskSource } from "./run/draw/task-source.ts";
import { learn } from "./run/learn.ts";
import { groupMetrics } from "./run/metrics.ts";
import { playGroups } from "./run/play.ts";
import { whileEngineRests } from "./run/residency.ts";
import { type RunState, resume } from "./run/resume.ts";
import type { Session } from "./run/session.ts";
import { beginStep } from "./run/step.ts";
import { expectedOf, swapAndProbe } from "./run/swap.ts";
import { nextTemperature } from "./run/temperature.ts";
import { closeStep } from "./store/steps.ts";
import { warmUp } from "./warmup.ts";

/** Trains until config.steps steps are closed. Finished work is always stored. Throws Stopped when the user interrupts it. */
export async function train(session: Session): Promise<void> {
  let state = await resume(session);
  const source = sourceOf(session);
  const heldOut = await source.heldOut();
  if (state.closed < 0) {
    await evaluateBase(session, heldOut);
    state = await warmUp(session, source, state);
  }
  await evaluateStep(session, heldOut, state);
  while (state.closed < session.config.steps) {
    state = await trainStep(session, source, state);
    await evaluateStep(session, heldOut, state);
  }
  await evaluateBest(session, heldOut, state.closed);
}

/** One step: from one policy version to the next. */
async function trainStep(session: Session, source: TaskSource, state: RunState): Promise<RunState> {
  const { config, writer, progress } = session;
  const { level, temperature } = state;
  const step = state.closed + 1;
  const version = state.version + 1;
  const record = await beginStep(session, step, state);

  // draw tasks for the level
  const { perStep, decline } = config.tasks;
  progress({ kind: "phase", text: `drawing ${perStep} tasks at level ${level}`, step });
  const drawn = await source.draw({
    ...{ id: "train", step, purpose: "train", first: (step - 1) * perStep, count: perStep },
    ...{ level, declineShare: decline, epsilon: config.curriculum.epsilon },
  });
  record.lap("time/tasks");

  // roll out G episodes per task; each is judged and committed as soon as it ends
  const { groupSize } = config.rollout;
  progress({ kind: "phase", text: `rolling out ${drawn.tasks.size * groupSize} episodes`, step });
  const groups = await playGroups(session, drawn.tasks, {
    ...{ step, purpose: "train", names: [config.seed, "step", step] },
    ...{ groupSize, temperature, verdict: config.reward.verdict },
    spare: (number) => source.spare({ step, level, number }),
  });
  record.lap("time/rollout");

  // rewards -> advantages; the learner's turn: update, and save the adapter
  const scored = stepAdvantages(groups, config, step);
  const alive = scored.filter(({ dead }) => !dead).length;
  progress({ kind: "phase", text: `training on ${alive} of ${scored.length} groups`, step });
  const { value, rested } = await whileEngineRests(session, async () => {
    const learned = await learn(session, scored, { step, temperature });
    record.lap("time/update");
    return { learned, saved: await saveCheckpoint(session, step), expected: await expectedOf(session) };
  });
  const { learned, saved, expected } = value;

  // load the adapter into the engine: a new policy version
  const swapped = await swapAndProbe(session, { path: saved.gguf, hash: saved.hash }, version, expected);
  record.lap("time/swap");

  // next level; close the step: metrics, level, advantages and checkpoint in one transaction
  const rolled = groupMetrics(scored);
  const next: RunState = {
    closed: step,
    version,
    level: source.nextLevel(level, rolled.reward ?? null, config.curriculum, step),
    temperature: nextTemperature(temperature, learned.entropy ?? null, step, config.rollout.temperatureControl),
  };
  const knobs = { "curriculum/level": level, "rollout/temperature": temperature };
  const metrics = { ...drawn.metrics, ...rolled, ...learned, ...swapped, ...rested, ...knobs, ...record.metrics() };
  await commit(session, () =>
    closeStep(writer, step, {
      ...{ nextLevel: next.level, nextPolicyVersion: version, metrics },
      ...{ checkpoint: saved.row, groups: scored },
    }),
  );
  await removeOldCheckpoints(session);
  progress({ kind: "step", step, of: config.steps, level, metrics });
  return next;
}
