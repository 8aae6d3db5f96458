// What comes before the first step: the base policy plays the held-out tasks, the probe reads how it writes calls, and
// where it forms none by itself the warm-up (step 0) makes it form them.

import { evaluate } from "../evaluate.ts";
import { openStep, openStepOf } from "../store/steps.ts";
import { loadTrajectories } from "../store/trajectories.ts";
import type { Task } from "../types.ts";
import { demonstrations, warmUp } from "../warmup.ts";
import { commit } from "./commit.ts";
import { drawTasks } from "./draw-tasks.ts";
import { asksForCall, firstTurn, firstTurns, markersUntrained, needsWarmup, probe, probeMetrics } from "./probe.ts";
import type { RunState } from "./resume.ts";
import { type Session, sceneOf } from "./session.ts";

/** Readies the policy of a new run; null when stopped. A run that has closed a step comes back unchanged. */
export async function prepare(session: Session, state: RunState, heldOut: ReadonlyMap<number, Task>): Promise<RunState | null> {
  if (state.closed !== null) return state;
  const { config, writer, engine, learner } = session;
  if (!(await evaluate(session, heldOut, "base"))) return null;
  if (openStepOf(writer.store, writer.run) === null)
    await commit(session, () => openStep(writer, 0, { level: state.level, policyVersion: state.version }));

  const asked = { ...session.tally };
  const turns = heldOut.size > 0 ? storedTurns(session) : await sampledTurns(session, state.level);
  if (turns === null) return null;
  const found = await probe(turns, engine.vocabulary, learner);
  const share = Math.round(found.wellFormed[session.dialect] * 100);
  const markers = markersUntrained(found) ? "has no trained tokens for its tags" : "has trained tokens for its tags";
  session.progress({
    kind: "phase",
    text: `probe: ${share} % of first turns hold a well-formed ${session.dialect} call; the model ${markers}`,
    step: 0,
  });
  const wanted = config.warmup.when === "always" || (config.warmup.when === "auto" && needsWarmup(found, session.dialect));
  return warmUp(session, { ...probeMetrics(found), "probe/append_only": Number(session.template.appendOnly) }, wanted, asked);
}

/** What the base policy wrote in the evaluation that has just been played. */
function storedTurns({ writer }: Session): string[] {
  const played = loadTrajectories(writer.store, writer.run, { step: 0, purpose: "evaluation", phase: "base" });
  return played.filter(({ trajectory }) => asksForCall(trajectory.task)).map(({ trajectory }) => firstTurn(trajectory));
}

/** Tasks that are drawn for the probe where nothing is held out; they are the first demonstrations. */
const probeTasks = 8;

async function sampledTurns(session: Session, level: number): Promise<string[] | null> {
  const { config } = session;
  session.progress({ kind: "phase", text: "probe: how does the policy write calls?", step: 0 });
  const drawn = await drawTasks(session, {
    ...demonstrations(config, level),
    count: Math.min(probeTasks, config.warmup.demonstrations),
  });
  return drawn && firstTurns([...drawn.tasks.values()], [config.seed, "probe"], sceneOf(session, 0));
}
