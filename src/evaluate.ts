// Evaluation: the shape of a step without an update, on held-out tasks, greedy, judged by rules, so that two policies are compared
// on facts (in a run that pays by rubrics, item by item as there). Two kinds, on tasks that no other kind plays: whole episodes report (before and after the warm-up, at the end, and by
// the best checkpoint); first turns, which ask no simulator, choose the best checkpoint every few steps. Each phase ("base",
// "step 4") is stored and can be resumed; the views evaluation_summary and selection_summary have the scores. Departs from the
// paper, which keeps the last checkpoint.
import { PlayactError } from "./errors.ts";
import { commit } from "./run/commit.ts";
import { canary } from "./run/demonstrated.ts";
import { cellsInTurn } from "./run/draw/cells.ts";
import type { HeldOutTasks } from "./run/draw/held-out.ts";
import { rubricMetrics, trialMetrics, usageMetrics } from "./run/metrics.ts";
import { playGroups } from "./run/play.ts";
import { whileEngineRests } from "./run/residency.ts";
import type { RunState } from "./run/resume.ts";
import type { Session } from "./run/session.ts";
import { expectedOf, swapAndProbe } from "./run/swap.ts";
import { adapterFile, checkpointFault, checkpointFolder } from "./store/checkpoints.ts";
import { playedTasks, recordEvaluation } from "./store/evaluations.ts";
import { bestCheckpoint, selectionScores } from "./store/selection.ts";
import { closedStep } from "./store/steps.ts";
import type { Group } from "./types.ts";

/** Tasks whose reports test the judge at each evaluation. */
const canaryTasks = 4;

/**
 * The policy that the run begins with, untouched or its parent's: what a warm-up must not cost, and without one the policy of step 0,
 * which is not played again. It plays whole episodes if the config says so (evaluation.base).
 */
export async function evaluateBase(session: Session, heldOut: HeldOutTasks): Promise<void> {
  await playFirstTurns(session, heldOut, "base");
  if (session.config.evaluation.base) await evaluate(session, heldOut, "base");
}

/** What is due after a closed step: first turns every few steps, whole episodes after the warm-up and at the end. */
export async function evaluateStep(session: Session, heldOut: HeldOutTasks, { closed, version }: RunState): Promise<void> {
  const { steps, evaluation } = session.config;
  if (closed === 0 && version === 0) return; // evaluateBase
  const last = closed >= steps;
  if (last || closed % evaluation.every === 0) await playFirstTurns(session, heldOut, `step ${closed}`);
  if (last || closed === 0) await evaluate(session, heldOut, `step ${closed}`);
}

/** Plays the tasks that report with the current policy, whole. Does nothing if there are none (config evaluation.tasks). */
async function evaluate(session: Session, heldOut: HeldOutTasks, phase: string): Promise<void> {
  if (heldOut.evaluation.size === 0) return;
  const inTurn = { ...heldOut, evaluation: cellsInTurn(heldOut.evaluation, session.config.evaluation) };
  const groups = await playGreedily(session, inTurn, "evaluation", phase);
  const plain = [...heldOut.evaluation.values()].filter(({ kind, heldBack }) => kind === "call" && heldBack.length === 0);
  const played = groups.flatMap(({ trajectories }) => trajectories);
  const metrics = {
    ...usageMetrics(played),
    ...rubricMetrics(played),
    ...trialMetrics(played),
    ...(await canary(session, plain.slice(0, canaryTasks))),
  };
  await commit(session, () => recordEvaluation(session.writer, phase, metrics));
}

/** Plays the first turns of the tasks that choose. Does nothing if there are none (config evaluation.decisions). */
async function playFirstTurns(session: Session, heldOut: HeldOutTasks, phase: string): Promise<void> {
  if (heldOut.selection.size === 0) return;
  await playGreedily(session, heldOut, "selection", phase);
  const { store, run } = session.writer;
  const now = selectionScores(store, run).find(({ step }) => `step ${step}` === phase);
  if (now === undefined) return;
  const share = (value: number | null) => (value === null ? "-" : value.toFixed(2));
  const best = `best so far: step ${bestCheckpoint(store, run)?.step}`;
  const text = `first turns (${phase}): calls ${share(now.call)}, declines ${share(now.decline)}, questions ${share(now.ask)}, mean ${share(now.score)}; ${best}`;
  session.progress({ kind: "phase", text });
}

/**
 * Plays the tasks that report with the best checkpoint, for the end of a run: engine and learner have its weights afterwards.
 * Does nothing for step `last`, nor for checkpoint 0 unless the config has left it out (evaluation.base): they have played already.
 */
export async function evaluateBest(session: Session, heldOut: HeldOutTasks, last: number): Promise<void> {
  const { store, run } = session.writer;
  const best = bestCheckpoint(store, run);
  if (best === null || best.step === last || heldOut.evaluation.size === 0) return;
  const isBase = best.step === 0 && closedStep(store, run, 0)?.nextPolicyVersion === 0;
  const phase = isBase ? "base" : `step ${best.step}`;
  const isPlayed = playedTasks(store, run, "evaluation", phase) >= heldOut.evaluation.size;
  if (best.step === 0 && isPlayed) return;
  if (!isPlayed) {
    const fault = await checkpointFault(store, best);
    if (fault !== null) {
      const text = `the best checkpoint (step ${best.step}) is not evaluated: ${fault}`;
      return session.progress({ kind: "warning", text });
    }
    const folder = checkpointFolder(store, best);
    const path = adapterFile(store, best);
    const version = closedStep(store, run, best.step)?.nextPolicyVersion;
    if (path === null || version === undefined)
      throw new PlayactError("store", `The checkpoint ${folder} contains no GGUF adapter although its files match.`);
    const { value: expected } = await whileEngineRests(session, async () => {
      await session.learner.restore(folder); // the swap is checked against the learner
      return expectedOf(session);
    });
    await swapAndProbe(session, { path, hash: best.adapterHash }, version, expected);
  }
  await evaluate(session, heldOut, phase);
}

/** One greedy episode of each task; what was played before a resume is reused. */
async function playGreedily(
  session: Session,
  heldOut: HeldOutTasks,
  purpose: keyof HeldOutTasks,
  phase: string,
): Promise<readonly Group[]> {
  const { config, writer } = session;
  const tasks = heldOut[purpose];
  const whole = config.reward.verdict === "rubric" ? "rubric" : "rules";
  const what = { evaluation: "held-out tasks, greedy", selection: "first turns of held-out tasks, greedy" }[purpose];
  if (playedTasks(writer.store, writer.run, purpose, phase) < tasks.size)
    session.progress({ kind: "phase", text: `${purpose} (${phase}): ${tasks.size} ${what}` });
  return playGroups(session, tasks, {
    ...{ step: 0, purpose, phase, names: [config.seed, purpose] },
    ...{ groupSize: 1, temperature: 0, verdict: purpose === "selection" ? "first-turn" : whole },
  });
}
