// Tasks drawn from a task set that was made before (SynthAgent, arXiv 2601.22511; playact synth). A set has no level: its tasks come
// epoch by epoch in seeded order, with the twins that written ones get.
import { PlayactError } from "../../errors.ts";
import { instructionsIn } from "../../llm/text/system-prompt.ts";
import { draws } from "../../rng.ts";
import { playedTasks } from "../../store/evaluations.ts";
import { loadTasks, saveTask } from "../../store/tasks.ts";
import type { HeldOutPurpose } from "../../tasks/held-out.ts";
import { irrelevanceOf } from "../../tasks/irrelevance.ts";
import { callsWith, orderedTask } from "../../tasks/ordered-task.ts";
import { declines, type OrderSeries, type TaskOrder, taskOrders } from "../../tasks/orders.ts";
import { promptTokens } from "../../tasks/rejection.ts";
import { holdsBack, toldOf } from "../../tasks/told.ts";
import type { Purpose, Task } from "../../types.ts";
import { commit } from "../commit.ts";
import type { Session } from "../session.ts";
import { asDrifting, checkDrift } from "./drifting.ts";
import { promptRoom } from "./fitting.ts";
import { type Series, seriesNames } from "./series.ts";
import { spareNumber } from "./spare.ts";
import { selectionWays, type TrainingSet, toolsetsOfTasks } from "./task-set.ts";
import type { TaskSource } from "./task-source.ts";
import { addTwins, type TwinPlace, twinPlaces } from "./twins.ts";

/** The source of a run on a task set. @throws PlayactError for tasks that do not fit the policy, and for drift that no tool can have */
export function setSource(session: Session, set: TrainingSet): TaskSource {
  const { config, writer } = session;
  const { store, run } = writer;
  checkLengths(session, set);
  const held = new Set([...set.evaluation, ...set.selection]).size;
  const text = `task set ${set.name}: ${set.train.length} tasks to train on, ${held} held out`;
  session.progress({ kind: "phase", text });
  const toolsets = toolsetsOfTasks(set.train);
  checkDrift(config, toolsetsOfTasks(set.train.filter(({ table }) => table === undefined)), `the set ${set.name}`);
  const epochs = new Map<string, readonly Task[]>();
  const keep = (place: { step: number; purpose: Purpose; index: number }, task: Task) =>
    commit(session, () => saveTask(writer, place, task));
  const ordersOf = (series: Omit<OrderSeries, "names">, purpose: Purpose) =>
    taskOrders(config, { ...series, names: seriesNames(config, purpose), epsilon: 0 });

  return {
    draw: async (series) => {
      const { step, purpose } = series;
      const tasks = loadTasks(store, run, step, purpose);
      const twins = twinsOf(series);
      let number = writtenBefore(series);
      for (const [index, order] of ordersOf(series, purpose).entries()) {
        const twin = twins.get(index);
        const of = twin === undefined ? undefined : tasks.get(twin.of);
        const another = twin?.as === "told" && of !== undefined && !holdsBack(of);
        if (twin !== undefined && !another) continue;
        const drawn = another
          ? draws(config.seed, "instead", purpose, series.first + index).pick(set.train)
          : nth(purpose, number++);
        if (tasks.has(index)) continue;
        const task = asOrdered(drawn, order);
        const made = order.decline
          ? irrelevanceOf(task, toolsets, draws(config.seed, "without", order.id))
          : drifting(task, order);
        await keep({ step, purpose, index }, made);
        tasks.set(index, made);
      }
      const all = await addTwins(session, series, { places: twins, tasks, toolsets });
      const placed = [...all.keys()].filter((place) => place < series.count).length;
      return { tasks: all, metrics: { "tasks/written": placed, "tasks/missing": series.count - placed } };
    },
    spare: async ({ step, level, number }) => {
      const { perStep, decline } = config.tasks;
      const index = perStep + number;
      const stored = loadTasks(store, run, step, "train");
      const before = stored.get(index);
      if (before !== undefined) return { index, task: before };
      const played = new Set([...stored.values()].map(({ inSet }) => inSet));
      const others = set.train.filter(({ id }) => !played.has(id));
      const random = draws(config.seed, "spare", step, number);
      const drawn = random.pick(others.length === 0 ? set.train : others);
      const first = spareNumber(config, { step, number });
      const place = { id: `spare-${step}`, first, count: 1, level, declineShare: decline, epsilon: 0 };
      const [order] = ordersOf(place, "train");
      if (order === undefined) throw new RangeError("one place has one order");
      const task = asOrdered(drawn, order);
      const made = order.decline ? irrelevanceOf(task, toolsets, random) : drifting(task, order);
      await keep({ step, purpose: "train", index }, made);
      return { index, task: made };
    },
    heldOut: async () => ({
      evaluation: await heldOutFor("evaluation", set.evaluation.slice(0, config.evaluation.tasks)),
      selection: await heldOutFor("selection", selectionTasks().slice(0, config.evaluation.decisions)),
    }),
    nextLevel: (level) => level,
  };

  /** A decoy has a page more: a task that it makes too long for the policy's context stays as it is. */
  function drifting(task: Task, { names }: TaskOrder): Task {
    const drifted = asDrifting(config, task, { names, toolsets });
    const isLong = drifted !== task && promptTokens(drifted, session.template, instructionsIn(config)) > promptRoom(config);
    return isLong ? task : drifted;
  }

  /** Task `number` of all that are drawn for a purpose, from 0: each epoch has every task once. */
  function nth(purpose: Purpose, number: number): Task {
    const epoch = Math.floor(number / set.train.length);
    const order = epochs.get(`${purpose} ${epoch}`) ?? draws(config.seed, "epoch", purpose, epoch).shuffle(set.train);
    epochs.set(`${purpose} ${epoch}`, order);
    const task = order[number % set.train.length];
    if (task === undefined) throw new RangeError(`task ${number} of ${set.train.length} a round`);
    return task;
  }

  /** Every task of a set may have a told twin; so pairs of calls are a task and what it becomes when all is told. */
  function twinsOf(series: Series): ReadonlyMap<number, TwinPlace> {
    if (!config.tasks.twins) return new Map();
    const kinds = declines({ ...series, names: seriesNames(config, series.purpose) });
    return twinPlaces(kinds.map((decline) => ({ decline, hold: decline || !config.tasks.gap ? 0 : 1, calls: 1 })));
  }

  /** How many tasks the series of the same size before this one have drawn. */
  function writtenBefore(series: Series): number {
    let sum = 0;
    for (let first = series.first % series.count; first < series.first; first += series.count)
      sum += series.count - twinsOf({ ...series, first }).size;
    return sum;
  }

  /** What is held out is as the set has it: ablations change what is trained on. */
  async function heldOutFor(purpose: HeldOutPurpose, tasks: readonly Task[]): Promise<ReadonlyMap<number, Task>> {
    const series = { id: purpose.slice(0, 4), first: 0, count: tasks.length, level: config.curriculum.start };
    const orders = ordersOf({ ...series, declineShare: 0, epsilon: 0 }, purpose);
    const stored = loadTasks(store, run, 0, purpose);
    const isUnderWay = playedTasks(store, run, purpose, null) > 0;
    for (const [index, drawn] of tasks.entries()) {
      const order = orders[index];
      if (order === undefined) throw new RangeError("a place has an order");
      const known = stored.get(index);
      if (known === undefined && isUnderWay) throw grown(set.name);
      if (known === undefined) await keep({ step: 0, purpose, index }, asOrdered(drawn, order));
      else if (known.inSet !== drawn.id) throw grown(set.name);
    }
    return loadTasks(store, run, 0, purpose);
  }

  function selectionTasks(): readonly Task[] {
    const all = toolsetsOfTasks([...set.train, ...set.selection]);
    return set.selection.flatMap((task) =>
      selectionWays.flatMap((way) => {
        if (way === "as it is") return [task];
        if (way === "decline") return [{ ...irrelevanceOf(task, all, draws("held-out", task.id)), id: task.id }];
        return holdsBack(task) ? [{ ...toldOf(task), id: task.id }] : [];
      }),
    );
  }
}

/** A task of a set as a run plays it: id, level, system prompt and limits come from its order; the restriction ends the prompt. */
function asOrdered(task: Task, order: TaskOrder): Task {
  const due = callsWith(task.table, task.expected);
  const { level, systemPrompt, criteria, limits } = orderedTask(order, task.expected, task.heldBack, due);
  return {
    ...task,
    ...{ id: `${order.id}-${task.id}`, inSet: task.id, level, criteria, limits },
    systemPrompt: task.restriction === undefined ? systemPrompt : `${systemPrompt} ${task.restriction.text}`,
  };
}

/** @throws PlayactError("config") if prompts leave no room for the response, told ones included */
function checkLengths({ config, template }: Session, set: TrainingSet): void {
  const series = { id: "length", names: ["length"], first: 0, count: 1, declineShare: 0, epsilon: 0 };
  const [order] = taskOrders(config, { ...series, level: config.curriculum.start });
  if (order === undefined) return;
  const all = [...set.train, ...set.evaluation, ...set.selection];
  const tokens = all.map((task) =>
    promptTokens(asOrdered(holdsBack(task) ? toldOf(task) : task, order), template, instructionsIn(config)),
  );
  const room = promptRoom(config);
  const long = tokens.filter((count) => count > room);
  if (long.length === 0) return;
  const longest = long.reduce((most, count) => Math.max(most, count), 0);
  throw new PlayactError(
    "config",
    `${long.length} of the ${all.length} tasks of the set ${set.name} are longer than the policy's context: the longest prompt has ${longest} tokens, and engine.policyContext (${config.engine.policyContext}) less rollout.responseTokens (${config.rollout.responseTokens}) leaves ${room}. Raise engine.policyContext or lower rollout.responseTokens.`,
  );
}

function grown(name: string): PlayactError {
  return new PlayactError(
    "config",
    `The task set ${name} has changed since the run was started, so that other personas would be held out: what was trained on would be tested. Start a new run.`,
  );
}
