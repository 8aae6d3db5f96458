// The tasks of a series: stored ones are loaded, missing ones are written in rounds of drafts. Every draft is checked by rules
// and compared with earlier tasks before it is accepted, in both directions of writing. drawTasks is for a run (accepted tasks
// are stored at once), writeTasks for who stores them otherwise, or not at all.

import type { Config } from "../../config/config.ts";
import { serverOf } from "../../config/server.ts";
import { collected } from "../../simulator/exchanges.ts";
import { endingWhenAway, gone } from "../../simulator/server-away.ts";
import { closestOfSeries, type TaskEmbedding, vectorsBefore, vectorsOf } from "../../store/embeddings.ts";
import type { AskedDraft } from "../../store/exchanges.ts";
import { recordFailure } from "../../store/failures.ts";
import { loadTasks, type Origin, roundsOf, saveTask } from "../../store/tasks.ts";
import { aspectMetrics } from "../../tasks/difficulty.ts";
import { heldOutPurposes, isTraining, messageKey } from "../../tasks/held-out.ts";
import { closestOf, type Known, remembered, tooClose } from "../../tasks/novelty.ts";
import { taskId } from "../../tasks/ordered-task.ts";
import { type OrderSeries, taskOrders } from "../../tasks/orders.ts";
import { type Rejection, rejectionStages, tooLarge } from "../../tasks/rejection.ts";
import { drawInRounds, loweredBy } from "../../tasks/rounds.ts";
import { writeIntentDraft } from "../../tasks/write-intent.ts";
import { type Draft, type WrittenTask, writeDraft } from "../../tasks/write-task.ts";
import type { Purpose, Task, Toolset } from "../../types.ts";
import { commit } from "../commit.ts";
import type { Metrics } from "../metric-list.ts";
import { mean } from "../metrics.ts";
import { type Session, simulatorOf } from "../session.ts";
import { asDrifting } from "./drifting.ts";
import { cutToFit } from "./fitting.ts";

/** The writer of drafts for each direction; everything else is the same for both. */
const writers = { "calls-first": writeDraft, "intent-first": writeIntentDraft } as const;

/** A series of tasks of one purpose: the tasks of a step, of the warm-up or of the evaluation. */
export interface Series extends Omit<OrderSeries, "names"> {
  readonly step: number;
  readonly purpose: Purpose;
  /** Keys (messageKey) of tasks that held-out ones must not repeat, nor each other; absent: none. */
  readonly taken?: ReadonlySet<string>;
  /** Places that are not written: they get twins (twins.ts). */
  readonly skipped?: ReadonlySet<number>;
}

/** The tasks of a series by place; a place whose task could not be written is missing. */
export interface DrawnTasks {
  readonly tasks: ReadonlyMap<number, Task>;
  readonly metrics: Metrics;
}

/** The seed names of a series of a run; the task's index is added. */
export function seriesNames({ seed }: Config, purpose: Purpose): readonly (string | number)[] {
  return [seed, "task", purpose];
}

/** The parts of a session that writing needs. */
export type WritingSession = Pick<Session, "config" | "engine" | "template" | "embed" | "distractors" | "usage" | "pause"> & {
  readonly signal?: AbortSignal;
};

/** The state of a series before more of it is written. */
export interface SeriesState {
  /** Places that already have a task. */
  readonly filled: ReadonlySet<number>;
  /** The rounds that these tasks came from. */
  readonly rounds: readonly number[];
  /** Earlier tasks that drafts are compared with, in order. */
  readonly known: readonly Known[];
}

export interface Written {
  /** Rejected drafts by place, in order. */
  readonly rejected: ReadonlyMap<number, readonly RejectedDraft[]>;
  /** Tasks whose first message was built by rule. */
  readonly plainMessages: number;
}

type RejectedDraft = Rejection & AskedDraft;

interface WrittenFrom {
  readonly toolsets: readonly Toolset[];
  /**
   * Held-out tasks do not repeat each other, and no page of theirs drifts: that is for cells (cells.ts). Absent: tasks to train on, which
   * drift as the config says, and whose repetition is for novelty to judge.
   */
  readonly heldOut?: boolean;
}

/** Writes the missing tasks of a series; `take` gets each task as soon as it is accepted. */
export async function writeTasks(
  session: WritingSession,
  series: OrderSeries & Pick<Series, "taken"> & WrittenFrom,
  state: SeriesState,
  take: (place: number, task: Task, origin: Origin) => Promise<void>,
): Promise<Written> {
  const { config, engine } = session;
  const orders = taskOrders(config, series);
  const lowered = taskOrders(config, { ...series, level: Math.max(1, series.level - loweredBy) });
  const { toolsets, heldOut = false } = series;
  const { distractors } = session;
  const known = [...state.known];
  const taken = new Set(series.taken);
  const rejected = new Map<number, RejectedDraft[]>();
  let plainMessages = 0;
  await drawInRounds<{ readonly draft: Draft; readonly asked: AskedDraft }>({
    places: [...orders.keys()].filter((place) => !state.filled.has(place)),
    rounds: config.tasks.attempts,
    fruitful: state.rounds,
    width: engine.sequences.simulator * 2,
    write: async (place, number, low) => {
      session.pause();
      const order = (low ? lowered : orders)[place];
      if (order === undefined) throw new RangeError(`place ${place} of a series of ${orders.length} tasks`);
      const drafted = { ...order, names: [...order.names, "draft", number] };
      const { exchanges, keep } = collected(config.store.exchanges);
      const asked = simulatorOf(session).noting({ keep });
      const simulator = serverOf(config.models.simulator) === null ? asked : endingWhenAway(asked, gone);
      const written = await writers[config.tasks.direction](drafted, { toolsets, distractors, simulator }).catch(tooLarge);
      const drifts = "task" in written && !heldOut;
      // by the place, not the draft: a rejected one changes nothing
      const draft = drifts ? { ...written, task: asDrifting(config, written.task, { names: order.names, toolsets }) } : written;
      return { draft, asked: { task: taskId(drafted), exchanges } };
    },
    decide: async (place, { draft, asked }, round) => {
      const checked = "task" in draft ? (repeated(draft, taken) ?? (await check(session, draft, known))) : draft;
      const before = rejected.get(place) ?? [];
      if (!("task" in checked)) {
        rejected.set(place, [...before, { ...checked, ...asked }]);
        return false;
      }
      const { task, embedding } = checked;
      if (embedding) known.push({ name: task.id, vector: embedding.vector });
      if (heldOut) taken.add(messageKey(task));
      plainMessages += Number(checked.plainMessage);
      await take(place, task, { round, embedding, drafts: [...before, asked] });
      return true;
    },
  });
  return { rejected, plainMessages };
}

function repeated({ task }: WrittenTask, taken: ReadonlySet<string>): Rejection | null {
  if (!taken.has(messageKey(task))) return null;
  return { stage: "too_close", reason: "a held-out task has the same message" };
}

type CheckedDraft = WrittenTask & { readonly embedding: TaskEmbedding | null };

/** The checks of every draft. Each message is embedded alone: a vector must not depend on the rest of a batch. */
async function check(
  { config, template, embed }: WritingSession,
  written: WrittenTask,
  known: readonly Known[],
): Promise<CheckedDraft | Rejection> {
  const needed = new Set(written.task.expected.map(({ name }) => name));
  const task = cutToFit({ config, template }, written.task, ({ name }) => needed.has(name));
  if ("stage" in task) return task;
  if (embed === null || config.tasks.novelty === null) return { ...written, task, embedding: null };
  const [vector] = await embed([task.firstMessage]);
  if (vector === undefined) throw new RangeError("one text has one embedding");
  const closest = closestOf(vector, known);
  return tooClose(closest, config.tasks.novelty) ?? { ...written, task, embedding: { vector, closest: closest?.cosine ?? null } };
}

/**
 * The tasks of a series: stored ones are loaded, missing ones written and stored at once. A task that could not be written
 * leaves a gap and a failure row.
 */
export async function drawTasks(session: Session, series: Series): Promise<DrawnTasks> {
  const { config, writer } = session;
  const { store, run } = writer;
  const { step, purpose, skipped = new Set() } = series;
  const wanted = series.count - skipped.size;
  const toolsets = isTraining(purpose) ? session.toolsets.train : session.toolsets.heldOut;
  const tasks = loadTasks(store, run, step, purpose);
  const taken = isTraining(purpose)
    ? heldOutMessages(session)
    : new Set([...(series.taken ?? []), ...[...tasks.values()].map(messageKey)]);
  const drawn = { names: seriesNames(config, purpose), toolsets, heldOut: !isTraining(purpose) };
  const ordered = { ...series, ...drawn, taken };
  const state: SeriesState = {
    filled: new Set([...tasks.keys(), ...skipped]),
    rounds: roundsOf(store, run, step, purpose),
    known: [...vectorsBefore(store, run, series, remembered), ...vectorsOf(store, run, series)],
  };
  // twins and spare tasks may have been stored before a resume
  const placed = () => [...tasks.keys()].filter((place) => place < series.count && !skipped.has(place)).length;
  const written = await writeTasks(session, ordered, state, async (index, task, origin) => {
    await commit(session, () => saveTask(writer, { step, purpose, index }, task, origin));
    tasks.set(index, task);
    session.progress({ kind: "count", text: "tasks written", done: placed(), of: wanted });
  });
  for (const [index, rejections] of written.rejected) {
    if (tasks.has(index)) continue;
    await recordUnwritten(session, { step, purpose, id: `${series.id}-${series.first + index}` }, rejections);
  }
  return {
    tasks: new Map([...tasks].sort(([a], [b]) => a - b)),
    metrics: taskMetrics(session, ordered, { placed: placed(), wanted }, written),
  };
}

/** Keys of the messages of a run's held-out tasks, which are of the same tools where these are the user's own. */
export function heldOutMessages({ writer: { store, run } }: Pick<Session, "writer">): ReadonlySet<string> {
  return new Set(heldOutPurposes.flatMap((purpose) => [...loadTasks(store, run, 0, purpose).values()].map(messageKey)));
}

/** The failure row of a task of which no draft was accepted. */
export async function recordUnwritten(
  session: Session,
  { step, purpose, id }: Pick<Series, "step" | "purpose" | "id">,
  drafts: readonly RejectedDraft[],
): Promise<void> {
  const text = drafts.map(({ stage, reason }) => `${stage}: ${reason}`).join("; ");
  const failure = { boundary: "task", code: "invalid_reply", text, task: id };
  await commit(session, () => recordFailure(session.writer, step, failure, { purpose, drafts }));
}

function taskMetrics(
  { config, writer }: Session,
  series: Series & OrderSeries,
  { placed, wanted }: { readonly placed: number; readonly wanted: number },
  { rejected, plainMessages }: Written,
): Metrics {
  const counts: Record<string, number> = {};
  for (const stage of rejectionStages) counts[`tasks/rejected/${stage}`] = 0;
  for (const { stage } of [...rejected.values()].flat())
    counts[`tasks/rejected/${stage}`] = (counts[`tasks/rejected/${stage}`] ?? 0) + 1;
  const closest = closestOfSeries(writer.store, writer.run, series);
  return {
    ...aspectMetrics(taskOrders(config, series).map(({ aspects }) => aspects)),
    ...counts,
    "tasks/written": placed,
    "tasks/missing": wanted - placed,
    "tasks/plain_messages": plainMessages,
    ...(closest.length === 0 ? {} : { "tasks/novelty": 1 - mean(closest) }),
  };
}
