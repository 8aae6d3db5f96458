// Finished episodes with their messages, token ids and log-probs: committed as soon as they end, read back exactly.
import type { Database } from "better-sqlite3";
import { PlayactError } from "../errors.ts";
import { blameFor } from "../rules/blame.ts";
import { tokenDigest } from "../rules/token-digest.ts";
import type { Author, Blame, Counts, Failure, Message, Phase, Purpose, Task, Trajectory, Verdict } from "../types.ts";
import { packIds, packLogprobs, unpackIds, unpackLogprobs } from "./blobs.ts";
import { insertExchanges } from "./exchanges.ts";
import { insertFailure } from "./failures.ts";
import { type Writer, write } from "./lease.ts";
import type { RunRow } from "./run-row.ts";
import type { Store } from "./store.ts";
import { assertOpen } from "./tasks.ts";
import { insertItems, readItems } from "./verdict-items.ts";

export interface TrajectoryPlace {
  readonly step: number;
  readonly purpose: Purpose;
  /** In an evaluation: which policy was judged ("base", "step 4"). */
  readonly phase?: string;
  /** Index of the task, as given to saveTask. */
  readonly task: number;
  /** Whether it was played only because others of the step came to what they did; such episodes are in no mean. Absent: no. */
  readonly conditional?: boolean;
}

/** A trajectory with its place in the store. */
export interface StoredTrajectory {
  readonly id: number;
  /** Index of its task within the step. */
  readonly taskIndex: number;
  readonly trajectory: Trajectory;
}

/** Whether the ids of a message are loss tokens: sampled by the policy, or shown to it as the right answer. */
export function isTrained(message: Message, author: Author): boolean {
  return message.role === "assistant" && (message.logprobs !== null || author !== "policy");
}

/**
 * Stores a trajectory with its messages, the items of its verdict, its exchanges (and its failure, if it was aborted) in one transaction and returns its id. Its task
 * must be stored. Throws PlayactError("store") for a second one with the same task, phase and sample, and for a closed step.
 */
export function saveTrajectory(writer: Writer, place: TrajectoryPlace, trajectory: Trajectory): number {
  return write(writer, (database) => {
    assertOpen(database, writer.run, place.step, place.purpose);
    const { failure, verdict } = trajectory;
    const blame = blameFor(trajectory);
    const id = Number(
      database
        .prepare(
          `INSERT INTO trajectory (task, phase, sample, policy_version, seed, status, stop_reason, reward, rules, judge, margin, reason, seconds, ended_at, ids_sha256,
             blame_party, blame_code, blame_reason, counts, author, conditional)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          ...[taskRow(database, writer.run, place), place.phase ?? "", trajectory.sample, trajectory.policyVersion],
          ...[trajectory.seed, trajectory.status, trajectory.stopReason],
          ...[
            verdict?.reward ?? null,
            verdict?.rules ?? null,
            verdict?.judge ?? null,
            verdict?.margin ?? null,
            verdict?.reason ?? null,
          ],
          ...[trajectory.seconds, new Date().toISOString(), digestOf(trajectory.messages)],
          ...[
            blame?.party ?? null,
            blame?.code ?? null,
            blame?.reason ?? null,
            JSON.stringify(trajectory.counts),
            trajectory.author,
            place.conditional ? 1 : 0,
          ],
        ).lastInsertRowid,
    );
    insertMessages(database, id, trajectory);
    insertItems(database, id, verdict?.items ?? []);
    const asked = { run: writer.run.id, ...place, task: trajectory.task.id, trajectory: id };
    insertExchanges(database, asked, trajectory.exchanges ?? []);
    if (failure !== null) {
      const where = { task: trajectory.task.id, sample: trajectory.sample, trajectory: id };
      insertFailure(database, writer.run.id, place.step, { ...failure, ...where });
    }
    return id;
  });
}

/** The trajectories of a step (or of a phase of an evaluation), ordered by task and sample. */
export function loadTrajectories(
  store: Store,
  run: RunRow,
  of: { readonly step: number; readonly purpose: Purpose; readonly phase?: string },
): readonly StoredTrajectory[] {
  const rows = store.database
    .prepare<[number, number, string, string], Row>(`${select} WHERE run = ? AND step = ? AND purpose = ? AND phase = ? ${order}`)
    .all(run.id, of.step, of.purpose, of.phase ?? "");
  const tasks = new Map<number, Task>(); // a group shares one task object
  return rows.map((row) => readTrajectory(store.database, row, tasks));
}

/** A trajectory with everything that the store has about it. */
export interface StoredEpisode extends StoredTrajectory {
  /** Row id of its run, and its name. */
  readonly run: number;
  readonly runName: string;
  readonly step: number;
  readonly purpose: Purpose;
  readonly phase: string;
  /** One per message: whether its ids are loss tokens, and its advantage (null: never assigned). */
  readonly marks: readonly { readonly trained: boolean; readonly advantage: number | null }[];
  /** As decided when the episode was stored; null if it did not end badly. */
  readonly blame: Blame | null;
}

/** One trajectory by its id. Throws PlayactError("usage") with the range of stored ids. */
export function findEpisode(store: Store, id: number): StoredEpisode {
  const { database } = store;
  const row = database
    .prepare<[number], Row & Pick<StoredEpisode, "run" | "runName" | "step" | "purpose">>(`${select} WHERE trajectory.id = ?`)
    .get(id);
  if (row === undefined) throw new PlayactError("usage", `There is no trajectory ${id}. ${knownIds(database)}`);
  const marks = database
    .prepare<[number], { trained: number; advantage: number | null }>(
      "SELECT trained, advantage FROM message WHERE trajectory = ? ORDER BY position",
    )
    .all(id)
    .map((mark) => ({ trained: mark.trained === 1, advantage: mark.advantage }));
  const { run, runName, step, purpose, phase } = row;
  return { ...readTrajectory(database, row, new Map()), run, runName, step, purpose, phase, marks, blame: readBlame(row) };
}

const select = `SELECT trajectory.*, run, run.name AS runName, step, purpose, task.position AS task_index,
  (SELECT json_object('boundary', boundary, 'code', code, 'text', text) FROM failure WHERE failure.trajectory = trajectory.id) AS failure
  FROM trajectory JOIN task ON task.id = trajectory.task JOIN run ON run.id = task.run`;
const order = "ORDER BY task.position, trajectory.sample";

function knownIds(database: Database): string {
  const range = database.prepare<[], [number | null, number | null]>("SELECT min(id), max(id) FROM trajectory").raw().get();
  const [first, last] = range ?? [null, null];
  return first === null ? "None is stored yet." : `Stored ids are ${first} to ${last}: select id from trajectory_summary.`;
}

/** Digest of all ids in the order in which the policy saw them. */
function digestOf(messages: readonly Message[]): string {
  return tokenDigest(messages.flatMap((message) => message.ids));
}

interface Row {
  readonly id: number;
  readonly task: number;
  readonly task_index: number;
  readonly phase: string;
  readonly sample: number;
  readonly policy_version: number;
  readonly seed: number;
  readonly status: Trajectory["status"];
  readonly stop_reason: Trajectory["stopReason"];
  readonly reward: number | null;
  readonly rules: number | null;
  readonly judge: number | null;
  readonly margin: number | null;
  readonly reason: string | null;
  readonly failure: string | null;
  readonly seconds: number;
  readonly ids_sha256: string | null;
  readonly blame_party: Blame["party"] | null;
  readonly blame_code: string | null;
  readonly blame_reason: string | null;
  readonly counts: string;
  readonly author: Trajectory["author"];
}

interface MessageRow {
  readonly role: Message["role"];
  readonly sample: number;
  readonly text: string;
  readonly ids: Buffer;
  readonly logprobs: Buffer | null;
  readonly turn_reward: number | null;
  readonly calls: string;
  readonly phase: Phase | null;
}

function taskRow(database: Database, run: RunRow, place: TrajectoryPlace): number {
  const id = database
    .prepare<[number, number, string, number], number>(
      "SELECT id FROM task WHERE run = ? AND step = ? AND purpose = ? AND position = ?",
    )
    .pluck()
    .get(run.id, place.step, place.purpose, place.task);
  if (id !== undefined) return id;
  throw new PlayactError(
    "store",
    `Task ${place.task} (${place.purpose}) of step ${place.step} of run ${run.name} is not stored.`,
  );
}

function insertMessages(database: Database, id: number, { author, messages }: Trajectory): void {
  const insert = database.prepare(
    `INSERT INTO message (trajectory, position, role, sample, trained, text, ids, logprobs, turn_reward, calls, phase)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  for (const [position, message] of messages.entries()) {
    insert.run(
      ...[id, position, message.role, message.sample, isTrained(message, author) ? 1 : 0, message.text],
      ...[packIds(message.ids), message.logprobs === null ? null : packLogprobs(message.logprobs)],
      ...[message.turnReward, JSON.stringify(message.calls), message.phase ?? null],
    );
  }
}

function readTrajectory(database: Database, row: Row, tasks: Map<number, Task>): StoredTrajectory {
  const task = tasks.get(row.task) ?? readTask(database, row.task);
  tasks.set(row.task, task);
  const messages = readMessages(database, row.id);
  if (row.ids_sha256 !== null && row.ids_sha256 !== digestOf(messages))
    throw new PlayactError(
      "store",
      `The token ids of trajectory ${row.id} are not the sampled ones (expected SHA-256 ${row.ids_sha256.slice(0, 16)}): the store is damaged. Restore a copy of it, or start a new run.`,
    );
  const trajectory: Trajectory = {
    task,
    author: row.author,
    sample: row.sample,
    policyVersion: row.policy_version,
    seed: row.seed,
    messages,
    status: row.status,
    stopReason: row.stop_reason,
    verdict: readVerdict(database, row),
    // written by insertFailure from a Failure
    failure: row.failure === null ? null : (JSON.parse(row.failure) as Failure),
    seconds: row.seconds,
    counts: JSON.parse(row.counts) as Counts, // written by saveTrajectory from a Trajectory
  };
  return { id: row.id, taskIndex: row.task_index, trajectory };
}

function readTask(database: Database, id: number): Task {
  const body = database.prepare<[number], string>("SELECT body FROM task WHERE id = ?").pluck().get(id);
  return JSON.parse(body ?? "null") as Task; // the foreign key keeps the row, saveTask wrote it from a Task
}

function readVerdict(database: Database, row: Row): Verdict | null {
  if (row.reward === null || row.rules === null || row.reason === null) return null;
  const { reward, rules, judge, margin, reason } = row;
  const items = readItems(database, row.id);
  return { reward, rules, judge, reason, ...(margin === null ? {} : { margin }), ...(items.length === 0 ? {} : { items }) };
}

function readBlame({ blame_party: party, blame_code: code, blame_reason: reason }: Row): Blame | null {
  return party === null || code === null || reason === null ? null : { party, code, reason };
}

function readMessages(database: Database, trajectory: number): Message[] {
  const rows = database
    .prepare<[number], MessageRow>("SELECT * FROM message WHERE trajectory = ? ORDER BY position")
    .all(trajectory);
  return rows.map((row) => ({
    role: row.role,
    text: row.text,
    sample: row.sample,
    ids: unpackIds(row.ids),
    logprobs: row.logprobs === null ? null : unpackLogprobs(row.logprobs),
    turnReward: row.turn_reward,
    calls: JSON.parse(row.calls),
    ...(row.phase === null ? {} : { phase: row.phase }),
  }));
}
