// The models of a run are the files that it was started with, whoever starts it again: the user, or the supervisor of a worker that
// died. Another file at the same address is refused.
import { PlayactError } from "../errors.ts";
import type { Model } from "../models/model.ts";
import { modelsOfRun } from "../store/run-models.ts";
import type { RunRow } from "../store/run-row.ts";
import type { Store } from "../store/store.ts";
import { findSeats, type Seats } from "./seats.ts";

/** The models of a run in their seats. @throws PlayactError("model") as findSeats does, and for a file that has changed */
export async function seatsOfRun({ store, run }: { readonly store: Store; readonly run: RunRow }): Promise<Seats> {
  const was = modelsOfRun(store, run);
  const seats = await findSeats(run.config);
  checkSame(run.name, "policy", was.policy, seats.policy);
  if (seats.simulator !== null) checkSame(run.name, "simulator", was.simulator, seats.simulator);
  return seats;
}

/** @throws PlayactError("model") if a seat's file has another hash than the stored one; null: none was stored */
export function checkSame(run: string, seat: keyof Seats, was: string | null, model: Pick<Model, "path" | "sha256">): void {
  if (was === null || was === model.sha256) return;
  throw new PlayactError(
    "model",
    `The ${seat} of run ${run} has changed: it was started with a file of SHA-256 ${was}, and ${model.path} has ${model.sha256}. Put the old file back, or start a new run.`,
  );
}
