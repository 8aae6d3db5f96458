// A fair lock: first come, first served. Policy and simulator contexts take turns on one CPU with it, tick by tick; two
// llama.cpp contexts computing at once on the same cores are slower than one after the other.

export interface Lock {
  /** Runs `work` when all earlier work has ended or failed. */
  take<T>(work: () => Promise<T>): Promise<T>;
}

export function createLock(): Lock {
  let last: Promise<unknown> = Promise.resolve();
  return {
    take(work) {
      const turn = last.then(work, work);
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}
