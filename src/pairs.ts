// Pairs of places: 0 and 1, 2 and 3, ... of a series of tasks. The tasks of a pair are mostly twins (run/twins.ts), share a
// mini-batch of two, and are kept side by side wherever tasks are ordered or left out.

/** The number of the pair that a place belongs to. */
export function pairOf(place: number): number {
  return Math.floor(place / 2);
}

/** The other place of the pair. */
export function besideOf(place: number): number {
  return place % 2 === 0 ? place + 1 : place - 1;
}
