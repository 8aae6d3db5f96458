// Evaluation: the shape of a step without an update. The same held-out tasks (toolsets never trained on), greedy, one
// sample each, judged by rules alone so that two policies are compared on facts; call and decline tasks separately. Tasks are
// written once per run; each phase ("base", "warmup", "step 4") is stored and can be resumed. The view evaluation_summary has
// the scores, the table evaluation_metric the simulator usage of each phase.
import { commit } from "./run/commit.ts";
import { drawTasks } from "./run/draw-tasks.ts";
import { simulatorMetrics, usageMetrics } from "./run/metrics.ts";
import { playGroups } from "./run/play.ts";
import type { Session } from "./run/session.ts";
import { recordEvaluation } from "./store/evaluations.ts";
import { loadTasks } from "./store/tasks.ts";
import type { Task } from "./types.ts";

/** The held-out tasks of the run, written on first use. */
export async function heldOutTasks(session: Session): Promise<ReadonlyMap<number, Task>> {
  const { config, writer, usage } = session;
  const { tasks: count } = config.evaluation;
  if (count === 0) return new Map();
  const missing = count - loadTasks(writer.store, writer.run, 0, "evaluation").size;
  const before = { ...usage };
  if (missing > 0) session.progress({ kind: "phase", text: `evaluation: writing ${count} held-out tasks`, step: 0 });
  const drawn = await drawTasks(session, {
    ...{ id: "eval", step: 0, purpose: "evaluation", first: 0, count },
    ...{ level: config.curriculum.start, declineShare: config.tasks.decline, epsilon: 0 },
  });
  const metrics = { ...drawn.metrics, ...simulatorMetrics(usage, before) };
  if (missing > 0) await commit(session, () => recordEvaluation(writer, "tasks", metrics));
  return drawn.tasks;
}

/** Plays the held-out tasks with the current policy. Does nothing if there are none (config evaluation.tasks). */
export async function evaluate(session: Session, tasks: ReadonlyMap<number, Task>, phase: string): Promise<void> {
  if (tasks.size === 0) return;
  session.progress({ kind: "phase", text: `evaluation (${phase}): ${tasks.size} held-out tasks, greedy`, step: 0 });
  const groups = await playGroups(session, tasks, {
    ...{ step: 0, purpose: "evaluation", phase, names: [session.config.seed, "evaluation"] },
    ...{ groupSize: 1, temperature: 0, verdict: "rules" },
  });
  const metrics = usageMetrics(groups.flatMap(({ trajectories }) => trajectories));
  await commit(session, () => recordEvaluation(session.writer, phase, metrics));
}
