// Brings a store up to this version: changes numbered by user_version, each in one transaction with its new version number.
// Views contain no data, so each migration drops and recreates them.
import type { Database } from "better-sqlite3";
import { PlayactError } from "../errors.ts";
import { backUp } from "./backup.ts";
import { blames, configs, digests, embeddings, margins, replies, servers, starts, tables } from "./schema.ts";
import { exactDeviations, memory, models, parents, pinnedTools } from "./schema-models.ts";
import { synthesis } from "./schema-synthesis.ts";
import { guides, pairs, residency, teaching, thinking } from "./schema-teaching.ts";
import { cells, trials } from "./schema-trials.ts";
import { views } from "./views.ts";

/** "Play" in ASCII: marks the file as a Playact store in SQLite's header. */
const applicationId = 0x506c6179;

/** Change number n brings a store from user_version n to n + 1. Released entries are never edited. */
export const migrations: readonly string[] = [
  tables,
  digests,
  margins,
  embeddings,
  blames,
  replies,
  starts,
  configs,
  teaching,
  guides,
  pairs,
  models,
  servers,
  thinking,
  memory,
  residency,
  synthesis,
  trials,
  pinnedTools,
  cells,
  parents,
  exactDeviations,
];

/** The store's version: the number of migrations applied. */
export function versionOf(database: Database): number {
  return Number(database.pragma("user_version", { simple: true }));
}

/**
 * Applies missing migrations. A store with data is first copied to `<path>.v<version>.backup`.
 * Throws PlayactError("store") for a newer store or a SQLite file that is not a Playact store.
 */
export function migrate(database: Database, path: string, changes: readonly string[] = migrations): void {
  assertOurs(database, path, changes.length);
  const from = versionOf(database);
  if (from === changes.length) return;
  // a copy is not kept if another process has migrated the store meanwhile: that one has made it, of the old version
  if (from > 0) backUp(database, `${path}.v${from}.backup`, () => versionOf(database) === from);
  // a table that is made anew is dropped with its rows still referenced; the check below takes the place of the constraint
  database.pragma("foreign_keys = OFF");
  for (let version = from; version < changes.length; version++) {
    const change = changes[version] ?? "";
    database
      .transaction(() => {
        // another process may have migrated it before this lock
        if (versionOf(database) !== version) return;
        dropViews(database);
        database.exec(change);
        database.exec(views);
        const [broken] = database.pragma("foreign_key_check") as readonly unknown[]; // rows, as SQLite documents it
        if (broken !== undefined)
          throw new PlayactError("store", `${path} is damaged: ${JSON.stringify(broken)} refers to a missing row.`);
        database.pragma(`application_id = ${applicationId}`);
        database.pragma(`user_version = ${version + 1}`);
      })
      .immediate();
  }
  database.pragma("foreign_keys = ON");
}

/** Throws PlayactError("store") unless the file is a Playact store of version `known` or older. */
export function assertOurs(database: Database, path: string, known: number = migrations.length): void {
  const version = versionOf(database);
  const empty = database.prepare("SELECT count(*) AS n FROM sqlite_schema").pluck().get() === 0;
  if (!empty && database.pragma("application_id", { simple: true }) !== applicationId) {
    throw new PlayactError("store", `${path} is a SQLite file, but not a Playact store. Move it away or choose another --home.`);
  }
  if (version > known) {
    throw new PlayactError(
      "store",
      `${path} was written by a newer Playact (store version ${version}, this one supports up to ${known}). Update Playact, or choose another --home.`,
    );
  }
}

function dropViews(database: Database): void {
  const names = database.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'view'").pluck().all();
  for (const name of names) database.exec(`DROP VIEW "${name}"`);
}
