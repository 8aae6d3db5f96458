// Work on many items, a few at a time, in order: keeps an engine's queue short, so that waits stay within deadlines.
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
  const lanes = Array.from({ length: width }, lane);
  try {
    await Promise.all(lanes);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    const ends = await Promise.allSettled(lanes);
    throw ends.flatMap((end) => (end.status === "rejected" && !(end.reason instanceof Stopped) ? [end.reason] : []))[0] ?? error;
  }
}
