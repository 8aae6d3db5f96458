// Brings a store up to this version: numbered changes by user_version, each in one transaction with the record of it.
// Views hold no data, so they are dropped and made anew with each migration instead of being migrated themselves.
import { rmSync } from "node:fs";
import type { Database } from "better-sqlite3";
import { PlayactError } from "../errors.ts";
import { blames, configs, digests, embeddings, margins, replies, starts, tables } from "./schema.ts";
import { views } from "./views.ts";

/** "Play" in ASCII: marks the file as ours in SQLite's header. */
const applicationId = 0x506c6179;

/** Change number n brings a store from user_version n to n + 1. Released entries are never edited. */
export const migrations: readonly string[] = [tables, digests, margins, embeddings, blames, replies, starts, configs];

/** The store's version: how many migrations it has seen. */
export function versionOf(database: Database): number {
  return Number(database.pragma("user_version", { simple: true }));
}

/**
 * Applies what is missing. A store that holds data is copied to `<path>.v<version>.backup` first.
 * Throws PlayactError("store") for a newer store or a SQLite file that is not ours.
 */
export function migrate(database: Database, path: string, changes: readonly string[] = migrations): void {
  assertOurs(database, path, changes.length);
  const from = versionOf(database);
  if (from === changes.length) return;
  if (from > 0) backUp(database, `${path}.v${from}.backup`);
  for (let version = from; version < changes.length; version++) {
    const change = changes[version] ?? "";
    database
      .transaction(() => {
        // another process may have been faster between our look and this lock
        if (versionOf(database) !== version) return;
        dropViews(database);
        database.exec(change);
        database.exec(views);
        database.pragma(`application_id = ${applicationId}`);
        database.pragma(`user_version = ${version + 1}`);
      })
      .immediate();
  }
}

/** Throws PlayactError("store") unless the file is a Playact store of at most version `known`. */
export function assertOurs(database: Database, path: string, known: number = migrations.length): void {
  const version = versionOf(database);
  const empty = database.prepare("SELECT count(*) AS n FROM sqlite_schema").pluck().get() === 0;
  if (!empty && database.pragma("application_id", { simple: true }) !== applicationId) {
    throw new PlayactError("store", `${path} is a SQLite file, but not a Playact store. Move it away or choose another --home.`);
  }
  if (version > known) {
    throw new PlayactError(
      "store",
      `${path} was written by a newer Playact (store version ${version}, this one knows up to ${known}). Update Playact, or choose another --home.`,
    );
  }
}

function backUp(database: Database, target: string): void {
  rmSync(target, { force: true }); // left by a migration that did not finish; VACUUM INTO refuses an existing file
  database.prepare("VACUUM INTO ?").run(target);
}

function dropViews(database: Database): void {
  const names = database.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'view'").pluck().all();
  for (const name of names) database.exec(`DROP VIEW "${name}"`);
}
