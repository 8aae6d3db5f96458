// Pairs of places in a series of tasks: 0 and 1, 2 and 3, and so on. Most pairs are twins (run/draw/twins.ts). They share a mini-batch
// of two, and stay together when the warm-up shuffles its demonstrations.

/** The number of the pair that a place belongs to. */
export function pairOf(place: number): number {
  return Math.floor(place / 2);
}

/** The other place of the pair. */
export function besideOf(place: number): number {
  return place % 2 === 0 ? place + 1 : place - 1;
}
