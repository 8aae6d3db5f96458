// Twins: tasks of a training series that are made of another one and differ from it in one thing. A decline task has the words of
// a call task without the needed tools (tasks/irrelevance.ts); a told task says at once what a task with held-back values does
// not (tasks/told.ts). Why: a policy that learns calls, refusals and questions from unrelated requests swings between one for all
// and another for all (docs/results.md); in one mini-batch, a pair shows when each is right. Not in the papers.
import { besideOf } from "../../pairs.ts";
import { draws } from "../../rng.ts";
import { saveTask } from "../../store/tasks.ts";
import { undrifted } from "../../tasks/drift.ts";
import { messageKey } from "../../tasks/held-out.ts";
import { irrelevanceOf } from "../../tasks/irrelevance.ts";
import { type TaskOrder, taskOrders } from "../../tasks/orders.ts";
import { holdsBack, toldOf } from "../../tasks/told.ts";
import type { Task, Toolset } from "../../types.ts";
import { commit } from "../commit.ts";
import type { Metrics } from "../metric-list.ts";
import type { Session } from "../session.ts";
import { cutToFit } from "./fitting.ts";
import { type DrawnTasks, drawTasks, heldOutMessages, type Series, seriesNames } from "./series.ts";

export interface TwinPlace {
  /** The place of the written task that it is made of. */
  readonly of: number;
  readonly as: "decline" | "told";
}

/** The tasks of a training series: some are written, the others (config tasks.twins) are made of them. Without its task, no twin. */
export async function drawWithTwins(session: Session, series: Series): Promise<DrawnTasks> {
  const { config, toolsets } = session;
  const orders = taskOrders(config, { ...series, names: seriesNames(config, series.purpose) });
  const places = config.tasks.twins ? twinPlaces(orders) : new Map<number, TwinPlace>();
  const drawn = await drawTasks(session, { ...series, skipped: new Set(places.keys()) });
  const tasks = await addTwins(session, series, { places, tasks: drawn.tasks, toolsets: toolsets.train });
  const made = [...places.keys()].filter((place) => tasks.has(place)).length;
  if (made === places.size || drawn.tasks.size === 0) return { tasks, metrics: drawn.metrics };
  // a task that holds nothing back has no told twin, and a twin may not fit: those places are drawn like any other
  const done = [...orders.keys()].filter((place) => !places.has(place) || tasks.has(place));
  const rest = await drawTasks(session, { ...series, skipped: new Set(done) });
  return { tasks: rest.tasks, metrics: together(drawn.metrics, rest.metrics) };
}

/** What twins are made of. */
interface Twinned {
  readonly places: ReadonlyMap<number, TwinPlace>;
  /** By place; where there is one already, no twin is made. */
  readonly tasks: ReadonlyMap<number, Task>;
  /** Decline tasks show tools of these. */
  readonly toolsets: readonly Toolset[];
}

/** The tasks of a series in order, with their twins, each stored at once. */
export async function addTwins(
  session: Session,
  { step, purpose }: Pick<Series, "step" | "purpose">,
  { places, tasks: drawn, toolsets }: Twinned,
): Promise<ReadonlyMap<number, Task>> {
  const { config, writer } = session;
  const tasks = new Map(drawn);
  const held = heldOutMessages(session);
  for (const [index, { of, as }] of places) {
    const task = tasks.get(of);
    if (task === undefined || tasks.has(index)) continue;
    if (as === "told" && !holdsBack(task)) continue;
    const names = [config.seed, "twin", ...(step === 0 ? [] : [step]), index];
    const twin = as === "told" ? toldOf(task) : irrelevanceOf(undrifted(task), toolsets, draws(...names));
    const fitting = cutToFit(session, twin, () => as === "told"); // a told twin differs in what is told alone
    if ("stage" in fitting || (as === "told" && held.has(messageKey(fitting)))) continue;
    await commit(session, () => saveTask(writer, { step, purpose, index }, fitting));
    tasks.set(index, fitting);
  }
  return new Map([...tasks].sort(([one], [other]) => one - other));
}

/** What was written, is missing and was rejected in both drawings, each of places of its own; the rest is the same in both. */
function together(first: Metrics, rest: Metrics): Metrics {
  const summed = ["tasks/written", "tasks/missing", "tasks/plain_messages"];
  const isSum = (name: string) => name.startsWith("tasks/rejected/") || summed.includes(name);
  const before = new Map(Object.entries(first));
  const sums = Object.entries(rest).map(([name, value]) => [name, isSum(name) ? value + (before.get(name) ?? 0) : value]);
  return { ...first, ...Object.fromEntries(sums) };
}

/**
 * Which places of a series are twins, and of what. A decline is one of the call in the same pair of places (pairs.ts),
 * else of the nearest call; declines without any call are written. In a pair of an ask task and a plain one, or of two ask tasks,
 * one is the told twin of the other.
 */
export function twinPlaces(orders: readonly Pick<TaskOrder, "decline" | "hold" | "calls">[]): ReadonlyMap<number, TwinPlace> {
  const kinds = orders.map(({ decline, hold, calls }) =>
    decline ? "decline" : hold > 0 ? "ask" : calls > 1 ? "calls" : "plain",
  );
  const places = [...kinds.entries()];
  const isTold = ([place, kind]: readonly [number, string]) =>
    kinds[besideOf(place)] === "ask" && (kind === "plain" || (kind === "ask" && place % 2 === 1));
  const told = places.filter(isTold).map(([place]) => [place, { of: besideOf(place), as: "told" }] as const);
  const written = places.filter((one) => one[1] !== "decline" && !isTold(one)).map(([place]) => place);
  const distance = (place: number, call: number) => (besideOf(place) === call ? 0 : Math.abs(place - call));
  const declines = places.flatMap(([place, kind]) => {
    const [of] = written.toSorted((one, other) => distance(place, one) - distance(place, other));
    return kind === "decline" && of !== undefined ? [[place, { of, as: "decline" }] as const] : [];
  });
  return new Map<number, TwinPlace>([...told, ...declines]);
}
