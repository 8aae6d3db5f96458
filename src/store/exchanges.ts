// Questions to the simulator, stored in the transaction of the episode or the task they were asked for, so that a kill loses or
// keeps both. A prompt is a chain: each message is stored once, under a hash that covers the messages before it.
import { createHash } from "node:crypto";
import type { Database } from "better-sqlite3";
import type { Exchange, Purpose } from "../types.ts";

/** What exchanges were asked for. */
export interface Asked {
  readonly run: number;
  readonly step: number;
  readonly purpose: Purpose;
  /** Task.id. */
  readonly task: string;
  /** Row id of the episode; null: the task was being written. */
  readonly trajectory: number | null;
}

/** A draft of a task: Task.id of what it was to become, and what the simulator was asked for it. */
export interface AskedDraft {
  readonly task: string;
  readonly exchanges: readonly Exchange[];
}

/** Stores exchanges inside an open transaction. */
export function insertExchanges(database: Database, asked: Asked, exchanges: readonly Exchange[]): void {
  if (exchanges.length === 0) return;
  const message = database.prepare("INSERT OR IGNORE INTO prompt_message (hash, before, role, content) VALUES (?, ?, ?, ?)");
  const insert = database.prepare(
    `INSERT INTO exchange (run, step, purpose, task, trajectory, role, attempt, prompt, reply, problem, tokens_in, tokens_out, seconds, seed)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  for (const { messages, ...exchange } of exchanges) {
    let last: string | null = null;
    for (const { role, content } of messages) {
      const hash: string = createHash("sha256")
        .update(JSON.stringify([last, role, content]))
        .digest("hex");
      message.run(hash, last, role, content);
      last = hash;
    }
    insert.run(
      ...[asked.run, asked.step, asked.purpose, asked.task, asked.trajectory],
      ...[exchange.role, exchange.attempt, last, exchange.reply, exchange.problem],
      ...[exchange.tokensIn, exchange.tokensOut, exchange.seconds, exchange.seed],
    );
  }
}

/**
 * Stores what was asked for drafts of tasks inside an open transaction. A draft that is stored already is left out: a resumed
 * run writes again, with the same seeds, what led to no task before.
 */
export function insertDrafts(database: Database, asked: Omit<Asked, "task" | "trajectory">, drafts: readonly AskedDraft[]): void {
  const known = database.prepare("SELECT 1 FROM exchange WHERE run = ? AND step = ? AND task = ? AND trajectory IS NULL");
  for (const { task, exchanges } of drafts)
    if (exchanges.length > 0 && known.get(asked.run, asked.step, task) === undefined)
      insertExchanges(database, { ...asked, task, trajectory: null }, exchanges);
}
