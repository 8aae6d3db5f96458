// Evaluation: the shape of a step without an update. The same held-out tasks (toolsets never trained on), greedy, one
// sample each, judged by rules alone so that two policies are compared on facts; call and decline apart. Tasks are written
// once a run; each phase ("base", "warmup", "step 4") is stored, and resumed where it was cut off. The view
// evaluation_summary holds the scores, the table evaluation_metric what each phase asked of the simulator.

import { rollOutGroups } from "./rollout/group.ts";
import { commit } from "./run/commit.ts";
import { drawTasks } from "./run/draw-tasks.ts";
import { tallyMetrics, usageMetrics } from "./run/metrics.ts";
import { courtOf, type Session, sceneOf } from "./run/session.ts";
import { recordEvaluation } from "./store/evaluations.ts";
import { loadTasks } from "./store/tasks.ts";
import { loadTrajectories, saveTrajectory } from "./store/trajectories.ts";
import type { Task } from "./types.ts";

/** The held-out tasks of the run, written on first use; null when stopped. */
export async function heldOutTasks(session: Session): Promise<ReadonlyMap<number, Task> | null> {
  const { config } = session;
  if (config.evaluation.tasks === 0) return new Map();
  const { store, run } = session.writer;
  const missing = config.evaluation.tasks - loadTasks(store, run, 0, "evaluation").size;
  const asked = { ...session.tally };
  if (missing > 0)
    session.progress({ kind: "phase", text: `evaluation: writing ${config.evaluation.tasks} held-out tasks`, step: 0 });
  const drawn = await drawTasks(session, {
    id: "eval",
    step: 0,
    purpose: "evaluation",
    first: 0,
    count: config.evaluation.tasks,
    level: config.curriculum.start,
    declineShare: config.tasks.decline,
    epsilon: 0,
  });
  if (drawn === null) return null;
  const metrics = { ...drawn.metrics, ...tallyMetrics(session.tally, asked) };
  if (missing > 0) await commit(session, () => recordEvaluation(session.writer, "tasks", metrics));
  return drawn.tasks;
}

/** Plays the held-out tasks with the current policy; false when it was stopped before the end. */
export async function evaluate(session: Session, tasks: ReadonlyMap<number, Task>, phase: string): Promise<boolean> {
  if (tasks.size === 0) return true; // nothing held out (config evaluation.tasks)
  const { writer, config, engine } = session;
  session.progress({ kind: "phase", text: `evaluation (${phase}): ${tasks.size} held-out tasks, greedy`, step: 0 });
  const done = loadTrajectories(writer.store, writer.run, { step: 0, purpose: "evaluation", phase });
  let finished = done.length;
  const groups = await rollOutGroups(
    {
      tasks,
      groupSize: 1,
      names: [config.seed, "evaluation"],
      done,
      concurrency: engine.sequences.policy + engine.sequences.simulator,
      keep: async (task, trajectory) => {
        await commit(session, () => saveTrajectory(writer, { step: 0, purpose: "evaluation", phase, task }, trajectory));
        session.progress({ kind: "count", text: "held-out episodes", done: ++finished, of: tasks.size });
      },
      stopping: session.stopping,
    },
    sceneOf(session, 0),
    courtOf(session, "rules"),
  );
  if (groups === null) return false;
  const metrics = usageMetrics(groups.flatMap(({ trajectories }) => trajectories));
  await commit(session, () => recordEvaluation(writer, phase, metrics));
  return true;
}
