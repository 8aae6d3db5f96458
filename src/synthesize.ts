// Makes a task set (SynthAgent, arXiv 2601.22511): for each persona toolset, task, check, solutions and rubric, and a task that is
// kept, or a reason why not. Each stage is stored as soon as it is done, and a stored one is not made again, so that a synthesis can
// be killed at any point and goes on. How the stages are made is synth/'s matter (choose.ts).
import { mapConcurrent } from "./concurrent.ts";
import { asJson } from "./rules/json.ts";
import { commit } from "./run/commit.ts";
import type { Session } from "./run/session.ts";
import { newUsage, type Usage } from "./simulator/usage.ts";
import type { Store } from "./store/store.ts";
import { type Cost, keepStage, type OpenPlace, openPlaces, type TaskSet } from "./store/task-sets.ts";
import { type Staged, type Synthesise, stages } from "./synth/stage.ts";

export interface Synthesis extends Pick<Session, "pause" | "signal" | "progress"> {
  readonly store: Store;
  readonly set: TaskSet;
  readonly seed: number;
  /** Personas at a time. */
  readonly width: number;
  /** Makes tasks and counts in `usage` what the simulator was asked for them. */
  readonly synthesiser: (usage: Usage) => Synthesise;
}

/** Brings the first `count` personas of the set, which has as many, to their end: each kept or dropped. Throws Stopped as session.pause() does. */
export async function synthesize(session: Synthesis, count: number): Promise<void> {
  const open = openPlaces(session.store, session.set, count);
  let ended = count - open.length;
  await mapConcurrent(open, session.width, async (place) => {
    session.pause();
    await synthesizeOne(session, place);
    ended++;
    session.progress({ kind: "count", text: "personas", done: ended, of: count });
  });
}

async function synthesizeOne(session: Synthesis, { position, persona, done }: OpenPlace): Promise<void> {
  const { store, set, seed, synthesiser, signal, progress } = session;
  const usage = newUsage();
  const spent = spending(usage);
  let dropped = false;
  const keep = async (staged: Staged) => {
    const cost = spent();
    dropped = "dropped" in staged;
    const row = { body: null, dropped: null, reason: null, ...staged };
    await commit({ writer: { store }, progress, signal }, () => keepStage(store, { set, position }, row, cost));
  };
  const before = new Map(stages.flatMap((stage) => (done.has(stage) ? [[stage, done.get(stage) ?? null] as const] : [])));
  const task = await synthesiser(usage)(persona, { position, names: [seed, "synth", position] }, before, keep);
  if (task !== null) await keep({ stage: "kept", body: asJson(task) });
  else if (!dropped) throw new Error(`the synthesiser dropped persona ${position} without a reason`);
}

/** What was spent since the last call: seconds, and tokens of all roles. */
function spending(usage: Usage): () => Cost {
  let last = { at: performance.now(), tokensIn: 0, tokensOut: 0 };
  const tokens = (kind: "in" | "out") =>
    usage[`tokens_${kind}/task`] + usage[`tokens_${kind}/user`] + usage[`tokens_${kind}/tool`] + usage[`tokens_${kind}/verifier`];
  return () => {
    const now = { at: performance.now(), tokensIn: tokens("in"), tokensOut: tokens("out") };
    const { at, tokensIn, tokensOut } = last;
    last = now;
    return { seconds: (now.at - at) / 1000, tokensIn: now.tokensIn - tokensIn, tokensOut: now.tokensOut - tokensOut };
  };
}
