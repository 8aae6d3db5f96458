// The task set that a run trains on: which of its tasks are trained on and which are held out, and what makes a set unfit for a
// config. Personas are held out whole: no task of theirs is ever trained on, and no two parts share one. Ablations change what is
// trained on alone, so that runs with and without one are compared on the same tasks.
import type { Config } from "../../config/config.ts";
import { heldOutShare } from "../../config/held-out.ts";
import { PlayactError } from "../../errors.ts";
import { commandLine } from "../../models/installation.ts";
import { rubricOf } from "../../reward/rubric.ts";
import { seedFrom } from "../../rng.ts";
import { commandFor } from "../../store/home.ts";
import type { Store } from "../../store/store.ts";
import { findTaskSet, tasksOf } from "../../store/task-sets.ts";
import { holdsBack, toldOf } from "../../tasks/told.ts";
import { restrictedTools, unrestricted } from "../../tasks/unrestricted.ts";
import type { Task, Toolset } from "../../types.ts";

export interface TrainingSet {
  readonly name: string;
  readonly train: readonly Task[];
  /** Tasks that report, and those whose first turns choose the best checkpoint. */
  readonly evaluation: readonly Task[];
  readonly selection: readonly Task[];
}

/** A task and, as its twins, the same one told and without its tools: calls, questions and declines are chosen by alike. */
export const selectionWays = ["as it is", "told", "decline"] as const;

/**
 * Whether a new run can train on a set; one that is resumed goes on as it began.
 * @throws PlayactError("usage") if there is none of that name or nothing in it, PlayactError("config") for one that the config
 * cannot train on
 */
export function checkTrainingSet(store: Store, config: Config, name: string): void {
  const fault = membersOf(store, name)
    .map(({ task }) => faultOf(task, config))
    .find((one) => one !== null);
  if (fault !== undefined) throw new PlayactError("config", `The task set ${name} cannot be trained on: ${fault}`);
}

function membersOf(store: Store, name: string) {
  const members = tasksOf(store, findTaskSet(store, name));
  if (members.length === 0)
    throw new PlayactError(
      "usage",
      `The task set ${name} has no task yet. Make some with: ${commandFor(store, `synth ${name} -n 60`)}; why personas were dropped: select * from synthesis_summary`,
    );
  return members;
}

/** The set of config.tasks.source. @throws PlayactError("usage") if there is none of that name or nothing in it */
export function openTrainingSet(store: Store, config: Config, name: string): TrainingSet {
  const { train, evaluation, selection } = partsOf(membersOf(store, name), config);
  const played = (tasks: readonly Task[]) => (config.simulator.tools === "written" ? tasks.map(withoutTable) : tasks);
  return {
    name,
    train: played(train.map((task) => ablated(task, config))),
    ...{ evaluation: played(evaluation), selection: played(selection) },
  };
}

/** Written tools give ids and results of their own: what was done is then read from the calls, as of a task that never had a table. */
function withoutTable({ table: _, ...task }: Task): Task {
  return task;
}

/** What makes a task unfit for a config, in words that say what to do; null: nothing. */
function faultOf(task: Task, { simulator }: Config): string | null {
  if (simulator.tools === "executed" && task.table === undefined)
    return `the tools of ${task.id} are not assembled, and only assembled ones can be executed. Set simulator.tools=blueprint or simulator.tools=written.`;
  if (task.background !== undefined && simulator.user !== "written")
    return `the user of ${task.id} knows more than the sentences that a chosen user says (its background). Set simulator.user=written.`;
  const own = Object.values(task.rubric ?? {}).flatMap((items) => items.map(({ rule }) => rule?.kind));
  if (simulator.tools === "written" && own.includes("record"))
    return `the rubric of ${task.id} reads what becomes of a table, and written tools have none. Set simulator.tools=blueprint or simulator.tools=executed.`;
  const offered = task.tools.map(({ name }) => name);
  const rules = task.restriction === undefined ? [] : restrictedTools(task.restriction.rule);
  const missing = rules.find((tool) => !offered.includes(tool));
  if (missing !== undefined)
    return `${task.id} restricts the use of ${missing}, which it does not offer (it offers ${offered.join(", ")}). Remove the restriction or the task from the set's file, and import it again: ${commandLine("synth NAME --import FILE")}`;
  // its questions go where all is told, what is forbidden where nothing is
  if (rubricOf(simulator.tools === "written" ? withoutTable(task) : task).subGoals.length > 0) return null;
  return task.rubric === undefined
    ? `the calls of ${task.id} change nothing in its table, so nothing that is done could be paid for. Correct them in the set's file, and import it again.`
    : `the rubric of ${task.id} has no item among its sub-goals, so nothing that is done could be paid for. Give it one in the set's file, or leave the rubric out: it is then derived from the task.`;
}

/** A task that is trained on, under the ablations of the config. */
function ablated(task: Task, { tasks }: Config): Task {
  const free = tasks.restricted ? task : unrestricted(task);
  return tasks.gap || !holdsBack(free) ? free : { ...toldOf(free), id: task.id };
}

/**
 * Which personas are held out depends on their names alone; no more of them than are played. Where there are fewer, the tasks that
 * choose get at most half of them.
 */
function partsOf(
  members: readonly { readonly persona: string; readonly task: Task }[],
  config: Config,
): Omit<TrainingSet, "name"> {
  const { tasks, decisions } = config.evaluation;
  const rank = new Map(members.map(({ persona }) => [persona, seedFrom("held-out", "persona", persona)]));
  const personas = [...rank].toSorted(([, one], [, other]) => one - other).map(([persona]) => persona);
  const choosing = Math.ceil(decisions / selectionWays.length);
  const out = Math.min(personas.length - 1, Math.round(heldOutShare(config) * personas.length), tasks + choosing);
  const first = Math.min(choosing, tasks === 0 ? out : Math.floor(out / 2));
  const of = (names: readonly string[]) => members.filter(({ persona }) => names.includes(persona)).map(({ task }) => task);
  return { selection: of(personas.slice(0, first)), evaluation: of(personas.slice(first, out)), train: of(personas.slice(out)) };
}

/** The toolsets that tasks offer tools of, each as far as they offer it. */
export function toolsetsOfTasks(tasks: readonly Task[]): readonly Toolset[] {
  const found = new Map<string, Toolset>();
  for (const { domain, toolset: name, tools } of tasks) {
    const known = found.get(`${domain}\n${name}`)?.tools ?? [];
    const more = tools.filter((tool) => known.every((other) => other.name !== tool.name));
    found.set(`${domain}\n${name}`, { domain, name, tools: [...known, ...more] });
  }
  return [...found.values()];
}
