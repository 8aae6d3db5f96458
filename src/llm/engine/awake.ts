// The clock of deadlines: milliseconds in which this process ran. A closed lid or a stopped container is no slow turn: what was being
// written then is not cut off. The learner's channel counts silence in ticks for the same reason (learner/channel.ts).

const tickMs = 1_000;
/** Native work does not block the event loop: a longer time without a tick was none of ours. */
const leastGapMs = 5_000;

let seen = performance.now();
let lost = 0;

/** As performance.now(), without the times in which the process stood still. */
export function awake(): number {
  const now = performance.now();
  if (now - seen > leastGapMs) lost += now - seen;
  seen = now;
  return now - lost;
}

setInterval(awake, tickMs).unref();
