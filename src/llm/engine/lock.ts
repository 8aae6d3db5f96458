// A fair lock: who asks first computes first. Policy and simulator contexts take turns on one processor with it, tick by
// tick; two llama.cpp contexts computing at once on the same cores are slower than one after the other.

export interface Lock {
  /** Runs `work` when every earlier one has ended, whether it failed or not. */
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
