// Task sets (playact synth): what each persona of a set came to, stage by stage. A stage is stored as soon as it is done, once; a
// persona has its place from the start, so that no persona is taken twice. JSON in these tables was written by this file.
import type { Database } from "better-sqlite3";
import { type Config, configSchema } from "../config/config.ts";
import { PlayactError } from "../errors.ts";
import { asJson } from "../rules/json.ts";
import type { Json, Task } from "../types.ts";
import { commandFor } from "./home.ts";
import { type Store, transact } from "./store.ts";

export interface TaskSet {
  readonly id: number;
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** For whom a task is made. */
export type Persona = {
  /** "p0007", or from the user's file. */
  readonly name: string;
  readonly text: string;
};

/** A persona of a set that is not at its end, with what is stored of it: stage -> what it made. */
export interface OpenPlace {
  readonly position: number;
  readonly persona: Persona;
  readonly done: ReadonlyMap<string, Json>;
}

/** A row of a stage; `dropped` and `reason` are null while the persona goes on, else `body` is. */
export interface StageRow {
  readonly stage: string;
  readonly body: Json;
  readonly dropped: string | null;
  readonly reason: string | null;
}

/** What a stage has cost: of the simulator, in tokens. */
export interface Cost {
  readonly seconds: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
}

export const noCost: Cost = { seconds: 0, tokensIn: 0, tokensOut: 0 };

const namePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** @throws PlayactError("usage") for a name that no set can have */
export function checkSetName(name: string): void {
  if (!namePattern.test(name))
    throw new PlayactError(
      "usage",
      `A task set's name must be 1 to 64 lower-case letters, digits, dots, dashes or underscores and start with a letter or digit, got ${JSON.stringify(name)}.`,
    );
}

/** @throws PlayactError("usage") for a name that is invalid or taken */
export function createTaskSet(store: Store, name: string, config: Config): TaskSet {
  checkSetName(name);
  return transact(store, (database) => {
    if (knownTaskSet(store, name) !== null)
      throw new PlayactError("usage", `A task set named ${name} already exists. Choose another name.`);
    database
      .prepare("INSERT INTO task_set (name, config, created_at) VALUES (?, ?, ?)")
      .run(name, JSON.stringify(config), new Date().toISOString());
    return findTaskSet(store, name);
  });
}

/** @throws PlayactError("usage") naming the known sets */
export function findTaskSet(store: Store, name: string): TaskSet {
  const set = knownTaskSet(store, name);
  if (set !== null) return set;
  const known = store.database.prepare<[], string>("SELECT name FROM task_set ORDER BY id DESC").pluck().all();
  if (known.length === 0)
    throw new PlayactError(
      "usage",
      `There is no task set named ${name}, and ${store.path} has none yet. Make one first: ${commandFor(store, `synth ${name}`)} (assembled; written tasks as published: --preset synthagent)`,
    );
  const shown = known.slice(0, 8).join(", ") + (known.length > 8 ? ` and ${known.length - 8} older` : "");
  throw new PlayactError("usage", `There is no task set named ${name}. Known task sets, latest first: ${shown}.`);
}

/** The set of that name, or null. */
export function knownTaskSet(store: Store, name: string): TaskSet | null {
  const select = "SELECT id, name, created_at AS createdAt FROM task_set WHERE name = ?";
  return store.database.prepare<[string], TaskSet>(select).get(name) ?? null;
}

/** The config that the set is made with. @throws PlayactError("store") if this version does not support it */
export function taskSetConfig(store: Store, { id, name }: TaskSet): Config {
  const text = store.database.prepare<[number], string>("SELECT config FROM task_set WHERE id = ?").pluck().get(id);
  const parsed = configSchema.safeParse(JSON.parse(text ?? "null"));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new PlayactError(
    "store",
    `This version of Playact cannot go on with the task set ${name}: its config ${issue?.path.join(".")}: ${issue?.message}. Make a new set; the tasks of this one can still be trained on.`,
  );
}

/**
 * Gives the places from `first` on to personas. All or none are stored.
 * @throws PlayactError("usage") if the set has others than the places below `first`: another command extends it
 */
export function addPersonas(
  store: Store,
  set: TaskSet,
  { first, personas }: { readonly first: number; readonly personas: readonly Persona[] },
): void {
  transact(store, (database) => {
    const next = database
      .prepare<[number], number>("SELECT coalesce(max(position) + 1, 0) FROM synthesis WHERE task_set = ?")
      .pluck()
      .get(set.id);
    if (personas.length > 0 && next !== first)
      throw new PlayactError(
        "usage",
        `Another command extends the task set ${set.name} at the same time: it has ${next} personas, and had ${first} when this one began. Wait for the other, then run this one again.`,
      );
    for (const [index, { name, text }] of personas.entries()) {
      const row = { stage: "persona", body: { name, text }, dropped: null, reason: null };
      insert(database, { set, position: first + index }, row, noCost);
    }
  });
}

/** Stores a stage. @throws PlayactError("store") if it is stored already: another process makes the same set */
export function keepStage(store: Store, at: At, row: StageRow, cost: Cost): void {
  transact(store, (database) => insert(database, at, row, cost));
}

interface At {
  readonly set: TaskSet;
  readonly position: number;
}

function insert(
  database: Database,
  { set, position }: At,
  { stage, body, dropped, reason }: StageRow,
  { seconds, tokensIn, tokensOut }: Cost,
): void {
  const { changes } = database
    .prepare(
      `INSERT INTO synthesis (task_set, position, stage, body, dropped, reason, seconds, tokens_in, tokens_out, at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    )
    .run(
      ...[set.id, position, stage, dropped === null ? JSON.stringify(body) : null, dropped, reason],
      ...[seconds, tokensIn, tokensOut, new Date().toISOString()],
    );
  if (changes === 0)
    throw new PlayactError(
      "store",
      `Persona ${position + 1} of the task set ${set.name} has been made by another process. End one of the two; nothing is lost.`,
    );
}

/** The personas of the set, in order. */
export function personasIn(store: Store, set: TaskSet): readonly Persona[] {
  const select = "SELECT body FROM synthesis WHERE task_set = ? AND stage = 'persona' ORDER BY position";
  const bodies = store.database.prepare<[number], string>(select).pluck().all(set.id);
  return bodies.map((body) => JSON.parse(body) as Persona); // addPersonas wrote it
}

/** Of the first `count` personas of a set those that are neither kept nor dropped, in order. */
export function openPlaces(store: Store, set: TaskSet, count: number): readonly OpenPlace[] {
  const rows = store.database
    .prepare<[number, number], { position: number; stages: string }>(
      `SELECT position, json_group_object(stage, json(body)) AS stages FROM synthesis
       WHERE task_set = ? AND position < ? GROUP BY position HAVING max(stage = 'kept' OR body IS NULL) = 0 ORDER BY position`,
    )
    .all(set.id, count);
  return rows.map(({ position, stages }) => {
    const { persona, ...done }: { persona: Persona; [stage: string]: Json } = JSON.parse(stages); // addPersonas wrote it
    return { position, persona, done: new Map(Object.entries(done)) };
  });
}

export interface SetTask {
  readonly position: number;
  /** Name of the persona; the personas of several tasks may have one name, and are one then. */
  readonly persona: string;
  readonly personaText: string;
  readonly task: Task;
}

/** The tasks of a set in the order of its personas. */
export function tasksOf(store: Store, set: TaskSet): readonly SetTask[] {
  const rows = store.database
    .prepare<[number], Omit<SetTask, "task"> & { readonly body: string }>(
      `SELECT kept.position, persona.body ->> '$.name' AS persona, persona.body ->> '$.text' AS personaText, kept.body
       FROM synthesis AS kept JOIN synthesis AS persona USING (task_set, position)
       WHERE kept.task_set = ? AND kept.stage = 'kept' AND kept.body IS NOT NULL AND persona.stage = 'persona' ORDER BY kept.position`,
    )
    .all(set.id);
  // written from a Task, here or at an import, which has checked it
  return rows.map(({ body, ...known }) => ({ ...known, task: JSON.parse(body) as Task }));
}

/** Makes a set of tasks that were made elsewhere, whole or not at all. @throws PlayactError("usage") as createTaskSet does */
export function importTasks(
  store: Store,
  name: string,
  config: Config,
  tasks: readonly { readonly persona: Persona; readonly task: Task }[],
): void {
  transact(store, () => {
    const set = createTaskSet(store, name, config);
    addPersonas(store, set, { first: 0, personas: tasks.map(({ persona }) => persona) });
    for (const [position, { task }] of tasks.entries())
      keepStage(store, { set, position }, { stage: "kept", body: asJson(task), dropped: null, reason: null }, noCost);
  });
}
