// The held-out tasks of a run, stored once: those that report and those that choose (tasks/held-out.ts). Call tasks are ready
// for the embedded catalogue (tasks/ready.ts); what is missing is written by the simulator, from toolsets that are never trained
// on. Decline tasks are twins of call tasks. Tasks whose pages are not true stand behind them, in cells (cells.ts).
import { playedTasks } from "../../store/evaluations.ts";
import { loadTasks, saveTask } from "../../store/tasks.ts";
import { callKinds, declineTwins, type HeldOutPurpose, heldOutPurposes, messageKey } from "../../tasks/held-out.ts";
import { type OrderSeries, taskOrders } from "../../tasks/orders.ts";
import { readyTasks } from "../../tasks/ready.ts";
import type { Task } from "../../types.ts";
import { commit } from "../commit.ts";
import type { Session } from "../session.ts";
import { addCells } from "./cells.ts";
import { readyFor } from "./fitting.ts";
import { seriesNames } from "./series.ts";
import { writeHeldOut } from "./write-held-out.ts";

/** Both sets by place; a place whose task could not be written is missing. */
export type HeldOutTasks = Readonly<Record<HeldOutPurpose, ReadonlyMap<number, Task>>>;

/**
 * The tasks of both sets; those that are not stored yet are taken or written, until the first of them is played: phases are compared
 * on the same tasks. No message of one set occurs in the other.
 */
export async function heldOutTasks(session: Session): Promise<HeldOutTasks> {
  const { tasks, decisions } = session.config.evaluation;
  const { store, run } = session.writer;
  const stored = (purpose: HeldOutPurpose) => loadTasks(store, run, 0, purpose);
  if (heldOutPurposes.some((purpose) => playedTasks(store, run, purpose, null) > 0))
    return { evaluation: stored("evaluation"), selection: stored("selection") };
  await tasksFor(session, "evaluation", tasks, new Set());
  await addCells(session);
  const evaluation = stored("evaluation");
  const reported = new Set([...evaluation.values()].map(messageKey));
  return { evaluation, selection: await tasksFor(session, "selection", decisions, reported) };
}

async function tasksFor(
  session: Session,
  purpose: HeldOutPurpose,
  total: number,
  taken: ReadonlySet<string>,
): Promise<ReadonlyMap<number, Task>> {
  const { config, writer } = session;
  const stored = () => loadTasks(writer.store, writer.run, 0, purpose);
  if ([...stored().keys()].filter((place) => place < total).length >= total) return stored(); // cells have places behind them
  const kinds = callKinds(purpose, total);
  const series = {
    ...{ id: purpose.slice(0, 4), first: 0, count: kinds.length, kinds },
    ...{ level: config.curriculum.start, declineShare: 0, epsilon: 0 },
  };
  const save = (index: number, task: Task) => commit(session, () => saveTask(writer, { step: 0, purpose, index }, task));

  if (config.tasks.tools === null)
    for (const [place, task] of ready(session, purpose, series, taken)) if (!stored().has(place)) await save(place, task);
  const missing = kinds.length - [...stored().keys()].filter((place) => place < kinds.length).length;
  await writeHeldOut(session, {
    ...{ series: { ...series, purpose, taken }, missing },
    ...{ text: `${purpose}: writing ${missing} held-out tasks`, phase: purpose === "evaluation" ? "tasks" : "selection tasks" },
  });
  const calls = new Map([...stored()].filter(([place]) => place < kinds.length));
  const twins = declineTwins(calls, { purpose, total, toolsets: session.toolsets.heldOut });
  for (const [place, twin] of twins) if (!stored().has(place)) await save(place, twin);
  return stored();
}

type HeldOutSeries = Omit<OrderSeries, "names"> & Required<Pick<OrderSeries, "kinds">>;

/** The ready tasks that fit the run's toolsets and the policy's context: the n-th place of a kind gets the n-th of the kind. */
function ready(
  session: Session,
  purpose: HeldOutPurpose,
  series: HeldOutSeries,
  taken: ReadonlySet<string>,
): ReadonlyMap<number, Task> {
  const { config } = session;
  const orders = taskOrders(config, { ...series, names: seriesNames(config, purpose) });
  const all = readyTasks().filter((one) => one.purpose === purpose);
  const found = new Map<number, Task>();
  for (const [place, order] of orders.entries()) {
    const kind = series.kinds[place];
    const number = series.kinds.slice(0, place).filter((earlier) => earlier === kind).length;
    const one = all.find((entry) => entry.kind === kind && entry.number === number);
    const task = one === undefined ? null : readyFor(session, one, order);
    if (task !== null && !taken.has(messageKey(task))) found.set(place, task);
  }
  return found;
}
