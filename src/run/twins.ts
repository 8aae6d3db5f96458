// Decline tasks made of call tasks: the same words, the needed tools withheld (tasks/irrelevance.ts). A policy that learns calls
// and refusals of unrelated requests swings between calling always and never (docs/results.md); a call and its twin in one
// mini-batch differ in their tools alone. Not in the papers, which have no decline tasks.
import { draws } from "../rng.ts";
import { saveTask } from "../store/tasks.ts";
import { irrelevanceOf } from "../tasks/irrelevance.ts";
import { taskOrders } from "../tasks/orders.ts";
import type { Task } from "../types.ts";
import { commit } from "./commit.ts";
import { drawTasks, type Series, seriesNames } from "./draw-tasks.ts";
import type { Metrics } from "./metric-list.ts";
import type { Session } from "./session.ts";

/** The tasks with a twin at each place of `pairs` (twin's place -> call's place), stored at once. A missing call has no twin. */
export async function withTwins(
  session: Session,
  { step, purpose }: Pick<Series, "step" | "purpose">,
  tasks: ReadonlyMap<number, Task>,
  pairs: ReadonlyMap<number, number>,
): Promise<ReadonlyMap<number, Task>> {
  const { config, writer, toolsets } = session;
  const all = new Map(tasks);
  for (const [index, of] of pairs) {
    const call = tasks.get(of);
    if (call === undefined || all.has(index)) continue;
    const names = [config.seed, "twin", ...(step === 0 ? [] : [step]), index];
    const twin = irrelevanceOf(call, toolsets.train, draws(...names));
    await commit(session, () => saveTask(writer, { step, purpose, index }, twin));
    all.set(index, twin);
  }
  return new Map([...all].sort(([one], [other]) => one - other));
}

/** The tasks of a training series: its calls are written, its declines are twins of the calls beside them. */
export async function drawWithTwins(
  session: Session,
  series: Series,
): Promise<{ readonly tasks: ReadonlyMap<number, Task>; readonly metrics: Metrics }> {
  const orders = taskOrders(session.config, { ...series, names: seriesNames(session.config, series.purpose) });
  const pairs = pairsOf(orders.map(({ decline }) => decline));
  const drawn = await drawTasks(session, { ...series, leftOut: new Set(pairs.keys()) });
  return { tasks: await withTwins(session, series, drawn.tasks, pairs), metrics: drawn.metrics };
}

/**
 * For each place of a decline the place of its call: its neighbour in the same pair of places (0 and 1, 2 and 3, ...), which a
 * mini-batch of two tasks joins, else the nearest call. Declines without any call are not paired, and so are written.
 */
export function pairsOf(declines: readonly boolean[]): ReadonlyMap<number, number> {
  const calls = [...declines.keys()].filter((place) => declines[place] === false);
  const distance = (place: number, call: number) => ((place ^ 1) === call ? 0 : Math.abs(place - call));
  return new Map(
    [...declines.keys()].flatMap((place) => {
      if (declines[place] === false) return [];
      const [nearest] = calls.toSorted((one, other) => distance(place, one) - distance(place, other));
      return nearest === undefined ? [] : [[place, nearest] as const];
    }),
  );
}
