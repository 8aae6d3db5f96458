// Work on many items, a few at a time, in their order: keeps an engine's queue short, so that waits stay within deadlines.

/** Runs `work` on every item, `width` at a time. When `stopping` says so no further item is begun; false then. */
export async function mapConcurrent<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
  stopping: () => boolean,
): Promise<boolean> {
  const waiting = items.values();
  let whole = true;
  let failed = false;
  const lane = async () => {
    for (const item of waiting) {
      if (failed) return; // another lane has thrown: the caller learns of it, begin nothing more
      if (stopping()) {
        whole = false;
        return;
      }
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return whole;
}
