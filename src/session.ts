// What a run works with: the two ports, the store and the world, opened by the command line and handed to the loops.
// Plain data and four small questions that train, warm-up and evaluation all ask; no algorithm.
import type { Config } from "./config.ts";
import type { Learner } from "./learner/learner.ts";
import type { Engine } from "./llm/llm.ts";
import type { EpisodeTemplate } from "./llm/template.ts";
import { isBuilt } from "./not-yet.ts";
import type { Court } from "./rollout/judge.ts";
import type { Scene } from "./rollout/rollout.ts";
import type { Dialect } from "./rollout/tool-call.ts";
import { sideBySide } from "./side-by-side.ts";
import type { Patience } from "./simulator/ask.ts";
import type { Tally } from "./simulator/tally.ts";
import { recordFailure } from "./store/failures.ts";
import type { Writer } from "./store/lease.ts";
import { loadTasks, type Purpose, saveTask } from "./store/tasks.ts";
import { aspectMetrics } from "./tasks/difficulty.ts";
import { taskOrders } from "./tasks/orders.ts";
import { writeTask } from "./tasks/write-task.ts";
import type { Task, Toolset } from "./types.ts";

export interface Session {
  readonly config: Config;
  readonly writer: Writer;
  readonly engine: Engine;
  readonly learner: Learner;
  readonly template: EpisodeTemplate;
  readonly dialect: Dialect;
  readonly toolsets: { readonly train: readonly Toolset[]; readonly heldOut: readonly Toolset[] };
  /** What the simulator was asked for so far, of everything in this process. */
  readonly tally: Tally;
  /** Folder of the run; checkpoints lie in it. */
  readonly folder: string;
  readonly progress: (event: ProgressEvent) => void;
  /** True after the first interrupt: finish what is in flight and stop. */
  readonly stopping: () => boolean;
  /** Fires on the second interrupt: give up every wait. */
  readonly signal: AbortSignal;
}

/** What the loops tell whoever watches. */
export type ProgressEvent =
  | { readonly kind: "phase"; readonly text: string; readonly step: number }
  | { readonly kind: "warning"; readonly text: string; readonly step: number }
  | { readonly kind: "count"; readonly text: string; readonly done: number; readonly of: number }
  | {
      readonly kind: "step";
      readonly step: number;
      readonly of: number;
      readonly level: number;
      readonly metrics: Readonly<Record<string, number>>;
    };

export function patience(config: Config): Patience {
  return { tries: config.rollout.simulatorTries, deadlineMs: config.rollout.deadlineSeconds * 1000 };
}

/** The same, counted in the session's tally. */
function counted({ config, tally }: Session): Patience {
  return { ...patience(config), tally };
}

export function sceneOf(session: Session, temperature: number): Scene {
  const { config, engine, template, dialect, signal } = session;
  return {
    policy: engine.policy,
    vocabulary: engine.vocabulary,
    template,
    dialect,
    simulator: engine.simulator,
    patience: counted(session),
    temperature,
    parallelCalls: config.rollout.parallelCalls,
    toolChars: config.rollout.toolChars,
    withhold: config.simulator.withhold,
    signal,
  };
}

export function courtOf(session: Session, verdict: Config["reward"]["verdict"]): Court {
  const { config, engine, dialect, signal } = session;
  const kind = isBuilt(verdict) ? verdict : "mixed"; // others are refused before a run begins
  const { withhold } = config.simulator;
  return { simulator: engine.simulator, patience: counted(session), dialect, kind, withhold, scales: new Map(), signal };
}

/** A series of tasks of one purpose: what a step, the warm-up or the evaluation draws. */
export interface Series {
  readonly id: string;
  readonly step: number;
  readonly purpose: Purpose;
  /** Number of its first task within the run; shares are kept over these numbers. */
  readonly first: number;
  readonly count: number;
  readonly level: number;
  readonly declineShare: number;
  /** Chance that a task's aspects are drawn instead of following the level. */
  readonly epsilon: number;
}

/**
 * The tasks of a series: those stored already, the others written now and stored at once. A task that could not be
 * written leaves a hole and a failure row. Returns null when stopped before all were tried.
 */
export async function drawTasks(
  session: Session,
  series: Series,
): Promise<{ readonly tasks: ReadonlyMap<number, Task>; readonly metrics: Readonly<Record<string, number>> } | null> {
  const { config, writer, engine } = session;
  const toolsets = series.purpose === "evaluation" ? session.toolsets.heldOut : session.toolsets.train;
  const tasks = loadTasks(writer.store, writer.run, series.step, series.purpose);
  const names = [config.seed, "task", series.purpose];
  const orders = taskOrders(config, { ...series, names }).map((order, index) => ({ order, index }));
  const missing = orders.filter(({ index }) => !tasks.has(index));
  const counts = { "tasks/rejected/calls": 0, "tasks/plain_messages": 0 };
  let done = tasks.size;
  const whole = await sideBySide(
    missing,
    engine.sequences.simulator * 2,
    async ({ order, index }) => {
      const written = await writeTask(order, toolsets, engine.simulator, config.tasks.attempts, counted(session), session.signal);
      counts["tasks/rejected/calls"] += written.rejected.length;
      counts["tasks/plain_messages"] += Number(written.plainMessage);
      if (written.task) {
        saveTask(writer, { step: series.step, purpose: series.purpose, index }, written.task);
        tasks.set(index, written.task);
      } else {
        const text = written.rejected.map(({ reason }) => reason).join("; ");
        recordFailure(writer, series.step, { boundary: "task", code: "invalid_reply", text, task: order.id });
      }
      session.progress({ kind: "count", text: "tasks written", done: ++done, of: series.count });
    },
    session.stopping,
  );
  if (!whole || session.stopping()) return null; // what follows would begin something new
  const aspects = aspectMetrics(orders.map(({ order }) => order.aspects));
  const missed = { "tasks/written": tasks.size, "tasks/missing": series.count - tasks.size };
  return { tasks: new Map([...tasks].sort(([a], [b]) => a - b)), metrics: { ...aspects, ...missed, ...counts } };
}
