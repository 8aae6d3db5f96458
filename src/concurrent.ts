// Work on many items, a few at a time, in order: keeps an engine's queue short, so that waits stay within deadlines. Items may be
// known from the start, or come out of the work.
import { Stopped } from "./errors.ts";

/**
 * Runs `work` on every item, `width` at a time. When one throws, no further item starts; the error is thrown at once, but
 * Stopped only when the running items have finished.
 */
export async function mapConcurrent<T>(items: Iterable<T>, width: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items[Symbol.iterator]();
  let failed = false;
  const lane = async () => {
    while (!failed) {
      const next = waiting.next();
      if (next.done) return;
      try {
        await work(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await allOf(Array.from({ length: width }, lane));
}

/** A piece of work, which returns the pieces that can be done after it. */
export type WorkItem = () => Promise<readonly WorkItem[]>;

/** The same for work that makes more work: a piece waits for its turn behind those that were known before it. */
export async function workOff(first: readonly WorkItem[], width: number): Promise<void> {
  const queue = [...first];
  const idle: (() => void)[] = []; // lanes that wait for work that others may still make
  let running = 0;
  let failed = false;
  const lane = async () => {
    while (!failed) {
      const next = queue.shift();
      if (next === undefined) {
        if (running === 0) return;
        await new Promise<void>((wake) => idle.push(wake));
        continue;
      }
      running++;
      try {
        queue.push(...(await next()));
      } catch (error) {
        failed = true;
        throw error;
      } finally {
        running--;
        for (const wake of idle.splice(0)) wake();
      }
    }
  };
  await allOf(Array.from({ length: width }, lane));
}

/** Waits for all lanes; throws what the first failed one threw, but Stopped only when all have ended. */
async function allOf(lanes: readonly Promise<void>[]): Promise<void> {
  try {
    await Promise.all(lanes);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    const ends = await Promise.allSettled(lanes);
    throw ends.flatMap((end) => (end.status === "rejected" && !(end.reason instanceof Stopped) ? [end.reason] : []))[0] ?? error;
  }
}
