// What comes before the first step: the base policy plays the held-out tasks, the probe reads how it writes calls, and
// where it forms none by itself the warm-up (step 0) makes it form them.
import { evaluate } from "./evaluate.ts";
import { needsWarmup, probe, probeMetrics } from "./probe.ts";
import type { RunState } from "./resume.ts";
import { drawTasks, type Session, sceneOf } from "./session.ts";
import { openStep, openStepOf } from "./store/steps.ts";
import type { Task } from "./types.ts";
import { warmUp } from "./warmup.ts";

/** Tasks that the probe reads; more would tell no more. */
const probeTasks = 8;

/** Readies the policy of a new run; null when stopped. A run that has closed a step comes back unchanged. */
export async function prepare(session: Session, state: RunState, heldOut: ReadonlyMap<number, Task>): Promise<RunState | null> {
  if (state.closed !== null) return state;
  const { config, writer } = session;
  const tasksToProbe = Math.min(probeTasks, config.warmup.demonstrations); // they are the first demonstrations
  if (!(await evaluate(session, heldOut, "base"))) return null;

  session.progress({ kind: "phase", text: "probe: how does the policy write calls?", step: 0 });
  if (openStepOf(writer.store, writer.run) === null) openStep(writer, 0, { level: state.level, policyVersion: state.version });
  const drawn = await drawTasks(session, {
    id: "demo",
    step: 0,
    purpose: "demonstration",
    first: 0,
    count: tasksToProbe,
    level: state.level,
    declineShare: config.warmup.declineShare,
    epsilon: 0,
  });
  if (drawn === null) return null;
  const found = await probe(
    [...drawn.tasks.values()].slice(0, tasksToProbe),
    [config.seed, "probe"],
    sceneOf(session, 0),
    session.learner,
  );
  session.progress({
    kind: "phase",
    text: `probe: ${Math.round(found.wellFormed[session.dialect] * 100)} % of first turns hold a well-formed ${session.dialect} call`,
    step: 0,
  });
  const wanted = config.warmup.when === "always" || (config.warmup.when === "auto" && needsWarmup(found, session.dialect));
  return warmUp(session, probeMetrics(found), wanted);
}
