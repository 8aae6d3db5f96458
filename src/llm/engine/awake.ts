// The clock of deadlines: milliseconds in which this process ran. A closed lid or a stopped container is no slow turn: what was being
// written then is not cut off. The learner's channel counts silence in ticks for the same reason (learner/channel.ts).

const tickMs = 1_000;
/** Native work does not block the event loop: a longer time without a tick was none of ours. */
const leastGapMs = 5_000;

/** A clock without the times in which nobody read it for long. @param now the clock that goes on meanwhile, in milliseconds */
export function clockWithoutGaps(now: () => number): () => number {
  let seen = now();
  let lost = 0;
  return () => {
    const at = now();
    if (at - seen > leastGapMs) lost += at - seen;
    seen = at;
    return at - lost;
  };
}

/** As performance.now(), without the times in which the process stood still. */
export const awake = clockWithoutGaps(() => performance.now());

setInterval(awake, tickMs).unref();
