// Finished health checks of simulators (`doctor --simulator`): the last one of a file, so that a start can warn.
import type { Store } from "./store.ts";
import { transact } from "./store.ts";

export interface HealthCheck {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Version of Playact: its prompts and cases. */
  readonly playact: string;
  /** The model as it was named, and the SHA-256 of its file. */
  readonly model: string;
  readonly sha256: string;
  /** Kinds that were examined, and those of them that the model can be trusted with: "verdict/written" ... */
  readonly checked: readonly string[];
  readonly trusted: readonly string[];
}

export function recordHealthCheck(store: Store, check: Omit<HealthCheck, "at">): void {
  const { playact, model, sha256, checked, trusted } = check;
  transact(store, (database) => {
    database
      .prepare("INSERT INTO health_check (at, playact, model, sha256, checked, trusted) VALUES (?, ?, ?, ?, ?, ?)")
      .run(new Date().toISOString(), playact, model, sha256, JSON.stringify(checked), JSON.stringify(trusted));
  });
}

/** What was found of a file, the last word on each kind. */
export function healthOf(store: Store, sha256: string): ReadonlyMap<string, boolean> {
  const rows = store.database
    .prepare<[string], { readonly checked: string; readonly trusted: string }>(
      "SELECT checked, trusted FROM health_check WHERE sha256 = ? ORDER BY id",
    )
    .all(sha256);
  const found = new Map<string, boolean>();
  for (const row of rows) {
    const trusted: readonly string[] = JSON.parse(row.trusted); // written above, as the next line's
    const checked: readonly string[] = JSON.parse(row.checked);
    for (const kind of checked) found.set(kind, trusted.includes(kind));
  }
  return found;
}
