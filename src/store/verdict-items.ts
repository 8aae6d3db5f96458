// The items of a rubric with what came of each, stored with the episode that they judge.
import type { Database } from "better-sqlite3";
import type { JudgedItem } from "../types.ts";

/** Stores the items in their order; part of the transaction of their trajectory. */
export function insertItems(database: Database, trajectory: number, items: readonly JudgedItem[]): void {
  const insert = database.prepare(
    "INSERT INTO verdict_item (trajectory, position, section, text, met, by) VALUES (?, ?, ?, ?, ?, ?)",
  );
  for (const [position, { section, text, met, by }] of items.entries())
    insert.run(trajectory, position, section, text, Number(met), by);
}

/** The items of an episode; empty if it was judged without a rubric. */
export function readItems(database: Database, trajectory: number): readonly JudgedItem[] {
  return database
    .prepare<[number], Omit<JudgedItem, "met"> & { readonly met: number }>(
      "SELECT section, text, met, by FROM verdict_item WHERE trajectory = ? ORDER BY position",
    )
    .all(trajectory)
    .map((row) => ({ ...row, met: row.met === 1 }));
}
