// The one way by which a run writes: a store that another program holds and a disk that is full are waited for, here and
// nowhere else, so that neither ends hours of training. The wait is asynchronous: what is in flight goes on meanwhile (its
// deadlines are its own), and Ctrl-C and the end of the supervisor are heard. Commits that come during a wait queue behind it.
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe } from "../errors.ts";
import type { Writer } from "../store/lease.ts";
import { obstacle, type Store } from "../store/store.ts";
import type { Session } from "./session.ts";

/** What a commit needs to know of its run. */
export type Committing = Pick<Session, "progress" | "signal"> & { readonly writer: Pick<Writer, "store"> };

/** Between tries: doubling, from the first to the last, in milliseconds. */
const pauses = { first: 50, last: 2_000 } as const;
/** A busy store is usual for a moment; only a longer wait is told, in milliseconds. */
const busyIsTold = 3_000;

/** By store: ends with the wait that is going on. */
const waits = new WeakMap<Store, Promise<void>>();

/**
 * Does `work`, one transaction or one save, and does it again until it goes through. Throws what `work` throws, but for an
 * obstacle that may go by itself; that too once the signal says that nobody wants to wait.
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
  let told = false;
  for (let pause: number = pauses.first; ; pause = Math.min(2 * pause, pauses.last)) {
    const kind = obstacle(error);
    if (kind === null || run.signal.aborted) throw error;
    if (!told && (kind === "disk" || performance.now() - began > busyIsTold)) {
      told = true;
      run.progress({ kind: "warning", text: sentence(kind, run.writer.store, error), step: 0 });
    }
    // an abort ends the wait, and the next round throws what stands in the way
    await wait(pause, undefined, { signal: run.signal }).catch(() => undefined);
    try {
      const value = await work();
      if (told) run.progress({ kind: "phase", text: "written; the run goes on", step: 0 });
      return value;
    } catch (next) {
      error = next;
    }
  }
}

function sentence(kind: "busy" | "disk", store: Store, error: unknown): string {
  const waits = "The run waits, tries again every few seconds and loses nothing; press Ctrl-C twice to stop it.";
  if (kind === "busy") return `another program holds ${store.path}. Close it. ${waits}`;
  return `${describe(error)} ${freeOn(dirname(store.path))} bytes are free there. ${waits}`;
}

function freeOn(folder: string): string {
  const { bavail, bsize } = statfsSync(folder, { bigint: true });
  return String(bavail * bsize);
}
