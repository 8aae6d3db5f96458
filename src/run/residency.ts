// Engine and learner take turns on one device's memory. The engine is awake, and the learner rests, but inside `whileEngineRests`;
// where the memory plan says together both stay awake. Inside `lending` another engine plays in place of the run's. The one place that
// knows who rests when.
import type { Residency } from "../config/config.ts";
import type { Kept } from "../types.ts";
import type { Metrics } from "./metric-list.ts";
import type { Session } from "./session.ts";

/** What each side keeps while the other computes; null: it does not rest. */
const kept: Readonly<Record<Residency, Kept | null>> = { together: null, turns: "weights", alternate: "nothing" };

/** The parts of a session that take turns. */
interface Turns {
  readonly engine: Pick<Session["engine"], "rest" | "wake">;
  readonly learner: Pick<Session["learner"], "rest" | "wake">;
  readonly plan: Pick<Session["plan"], "residency">;
}

/**
 * The learner's turn: the engine rests while `work` trains, saves or restores. If it fails the run ends, so nobody is woken.
 * @returns the work's value, and what the resting sides still held
 */
export async function whileEngineRests<T>(
  session: Turns,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly rested: Metrics }> {
  const { engine, learner, plan } = session;
  const keep = kept[plan.residency];
  if (keep === null) return { value: await work(), rested: {} };
  const engineHeld = await engine.rest(keep);
  await learner.wake();
  const value = await work();
  const learnerHeld = await learner.rest(keep);
  await engine.wake();
  return { value, rested: { "engine/resting_mb": engineHeld / 1e6, "learner/resting_mb": learnerHeld / 1e6 } };
}

/** Brings a learner that was just opened to rest, before the engine takes its memory. */
export async function restAtFirst(learner: Pick<Turns["learner"], "rest">, { residency }: Turns["plan"]): Promise<void> {
  const keep = kept[residency];
  if (keep !== null) await learner.rest(keep);
}

/** The turn of another engine (run/teacher.ts): this one rests and keeps nothing. If it fails the run ends, so nobody is woken. */
export async function lending<T>(engine: Turns["engine"], work: () => Promise<T>): Promise<T> {
  await engine.rest("nothing");
  const value = await work();
  await engine.wake();
  return value;
}
