// All writes of a run go through here: it waits for a locked store and for a full disk, so that neither ends hours of training.
// The wait is asynchronous: running work continues (with its own deadlines), and Ctrl-C and the end of the supervisor still
// take effect. Commits made during a wait queue behind it.
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe } from "../errors.ts";
import type { Writer } from "../store/lease.ts";
import { obstacle, type Store } from "../store/store.ts";
import type { Session } from "./session.ts";

/** The parts of a session that a commit needs. */
export type Committing = Pick<Session, "progress" | "signal"> & { readonly writer: Pick<Writer, "store"> };

/** Pause between tries in milliseconds, doubling from the first value to the last. */
const pauses = { first: 50, last: 2_000 } as const;
/** A store is often busy for a moment; only a longer wait is reported, in milliseconds. */
const quietWait = 3_000;

/** The current wait of each store. */
const waits = new WeakMap<Store, Promise<void>>();

/**
 * Runs `work`, one transaction or one save, and repeats it while a temporary obstacle (see `obstacle`) stops it. Throws any
 * other error of `work` at once, and the obstacle too once the signal is aborted.
 */
export async function commit<T>(run: Committing, work: () => T | Promise<T>): Promise<T> {
  const { store } = run.writer;
  for (let before = waits.get(store); before !== undefined; before = waits.get(store)) await before;
  try {
    return await work();
  } catch (error) {
    if (obstacle(error) === null) throw error;
    const again = retried(run, work, error);
    const over = again.then(
      () => void waits.delete(store),
      () => void waits.delete(store),
    );
    waits.set(store, over);
    return again;
  }
}

async function retried<T>(run: Committing, work: () => T | Promise<T>, first: unknown): Promise<T> {
  const began = performance.now();
  let error = first;
  let reported = false;
  for (let pause: number = pauses.first; ; pause = Math.min(2 * pause, pauses.last)) {
    const kind = obstacle(error);
    if (kind === null || run.signal.aborted) throw error;
    if (!reported && (kind === "disk" || performance.now() - began > quietWait)) {
      reported = true;
      run.progress({ kind: "warning", text: sentence(kind, run.writer.store, error) });
    }
    // an abort ends the wait; the next round throws the obstacle
    await wait(pause, undefined, { signal: run.signal }).catch(() => undefined);
    try {
      const value = await work();
      if (reported) run.progress({ kind: "phase", text: "written; the run continues" });
      return value;
    } catch (next) {
      error = next;
    }
  }
}

function sentence(kind: "busy" | "disk", store: Store, error: unknown): string {
  const waits = "The run waits, retries every few seconds and loses nothing; press Ctrl-C twice to stop it.";
  if (kind === "busy") return `another program has locked ${store.path}. Close it. ${waits}`;
  return `${describe(error)} ${freeOn(dirname(store.path))} bytes are free there. ${waits}`;
}

function freeOn(folder: string): string {
  const { bavail, bsize } = statfsSync(folder, { bigint: true });
  return String(bavail * bsize);
}
