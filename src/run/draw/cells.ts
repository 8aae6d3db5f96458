// The cells of an evaluation (config evaluation.perCell): held-out tasks behind those that report, some with true pages and as many of
// each kind of drift. All are made of the same plain tasks (one call, nothing held back), so that cells differ in the pages
// alone; a kind takes the first that can have it, and of decoys the right one is by turns the first and the second of its pair: who
// always takes the same one is right in half. Not in the paper. A resumed run keeps the tasks that are stored.
import { cellKinds } from "../../config/drift.ts";
import { draws } from "../../rng.ts";
import { loadTasks, saveTask } from "../../store/tasks.ts";
import { withDrift } from "../../tasks/drift.ts";
import { type OrderSeries, taskOrders } from "../../tasks/orders.ts";
import { readyTasks } from "../../tasks/ready.ts";
import type { DriftKind, Task } from "../../types.ts";
import { commit } from "../commit.ts";
import type { Session } from "../session.ts";
import { fits, readyFor } from "./fitting.ts";
import { seriesNames } from "./series.ts";
import { writeHeldOut } from "./write-held-out.ts";

/** A task of the pool that cells are made of, with its number there. */
interface PoolTask {
  readonly number: number;
  readonly task: Task;
}

/** Stores the tasks of the cells in their places: true pages first, then each kind in the order of the kinds. */
export async function addCells(session: Session): Promise<void> {
  const { perCell } = session.config.evaluation;
  if (perCell === 0) return;
  const pool = await plainPool(session);
  for (const [cell, kind] of cellKinds(session.config).entries()) {
    const able: Task[] = [];
    for (const one of pool) {
      const drifted = able.length < perCell ? driftedAs(kind, one, able.length % 2 === 0, session) : null;
      if (drifted !== null) able.push(drifted);
    }
    const places = Array.from({ length: perCell }, (_, n) => firstPlace(session) + (cell + 1) * perCell + n);
    const stored = heldOut(session);
    const known = new Set(places.flatMap((place) => stored.get(place)?.id ?? []));
    const missing = able.filter(({ id }) => !known.has(id));
    const free = places.filter((place) => !stored.has(place));
    for (const [n, place] of free.entries()) {
      const task = missing[n];
      if (task !== undefined) await save(session, place, task);
    }
    if (able.length < perCell && (missing.length > 0 || known.size === 0))
      session.progress({ kind: "warning", text: shortCell(kind, able.length, perCell) });
  }
}

/** Tasks that report, then the first of each cell, the second of each, and so on: an evaluation that is ended early has all cells. */
export function cellsInTurn(
  tasks: ReadonlyMap<number, Task>,
  { tasks: reporting, perCell }: { readonly tasks: number; readonly perCell: number },
): ReadonlyMap<number, Task> {
  const turn = (place: number) => (place < reporting ? -1 : (place - reporting) % perCell);
  return new Map([...tasks].sort(([one], [other]) => turn(one) - turn(other) || one - other));
}

function shortCell(kind: DriftKind, able: number, perCell: number): string {
  return `the evaluation has ${able} tasks of the kind ${kind}, not ${perCell} (evaluation.perCell): no more of the held-out tasks can have it`;
}

/** The place of the first task of the cells. */
function firstPlace({ config }: Session): number {
  return config.evaluation.tasks;
}

function heldOut({ writer }: Session): ReadonlyMap<number, Task> {
  return loadTasks(writer.store, writer.run, 0, "evaluation");
}

function save(session: Session, index: number, task: Task): Promise<void> {
  return commit(session, () => saveTask(session.writer, { step: 0, purpose: "evaluation", index }, task));
}

/** The task with an untrue page of this kind alone; null where it cannot have one that the policy has room for. */
function driftedAs(kind: DriftKind, { number, task }: PoolTask, rightFirst: boolean, session: Session): Task | null {
  // not by the run's seed: ready tasks are the same in every run, and so is what becomes of them
  const random = draws("held-out", "cell", kind, number);
  const drifted = withDrift(task, { share: 1, kinds: [kind], toolsets: session.toolsets.heldOut, random, rightFirst });
  return drifted !== task && fits(session, drifted) ? { ...drifted, id: `${task.id}-${kind}` } : null;
}

/**
 * The plain tasks that cells are made of. The first are the cell of true pages and are stored: ready ones, then ones that the
 * simulator writes. Further ready ones follow, for kinds that few tasks can have.
 */
async function plainPool(session: Session): Promise<readonly PoolTask[]> {
  const { perCell } = session.config.evaluation;
  const ready = readyPlain(session);
  const places = Array.from({ length: perCell }, (_, number) => firstPlace(session) + number);
  const before = heldOut(session);
  for (const [number, place] of places.entries()) {
    const task = ready[number];
    if (task !== undefined && !before.has(place)) await save(session, place, task);
  }
  await writeMissing(session, places);
  const stored = heldOut(session);
  const cell = places.flatMap((place, number) => {
    const task = stored.get(place);
    return task === undefined ? [] : [{ number, task }];
  });
  return [...cell, ...ready.slice(perCell).map((task, at) => ({ number: perCell + at, task }))];
}

function plainSeries({ config }: Session, count: number): Omit<OrderSeries, "names"> {
  return {
    ...{ id: "eval", first: 0, count, kinds: Array<"plain">(count).fill("plain") },
    ...{ level: config.curriculum.start, declineShare: 0, epsilon: 0 },
  };
}

/** The ready plain tasks that the run can play: of both purposes, unless some of them choose a checkpoint. */
function readyPlain(session: Session): readonly Task[] {
  const { config } = session;
  if (config.tasks.tools !== null) return [];
  const chooses = config.evaluation.decisions > 0;
  const entries = readyTasks().filter(({ kind, purpose }) => kind === "plain" && !(chooses && purpose === "selection"));
  const first = firstPlace(session);
  const series = { ...plainSeries(session, first + entries.length), names: seriesNames(config, "evaluation") };
  const orders = taskOrders(config, series).slice(first);
  const tasks: Task[] = [];
  for (const entry of entries) {
    const order = orders[tasks.length];
    const task = order === undefined ? null : readyFor(session, entry, order);
    if (task !== null) tasks.push(task);
  }
  return tasks;
}

/** Lets the simulator write the plain tasks of the places that have none. */
async function writeMissing(session: Session, places: readonly number[]): Promise<void> {
  const stored = heldOut(session);
  const missing = places.filter((place) => !stored.has(place)).length;
  const first = firstPlace(session);
  const skipped = new Set(Array.from({ length: first }, (_, place) => place));
  await writeHeldOut(session, {
    series: { ...plainSeries(session, first + places.length), purpose: "evaluation", taken: new Set(), skipped },
    ...{ missing, text: `evaluation: writing ${missing} held-out tasks of the cells`, phase: "cell tasks" },
  });
}
