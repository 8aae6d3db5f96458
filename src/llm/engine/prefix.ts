// Which sequence a request takes and which prefix it need not compute again. Pure: it sees what is in the slots and
// says what to do; batcher.ts does it. Sequences share no cells here (`kv_unified` is off): a shared prefix is copied.
// No radix tree: a few dozen slots of a few thousand ids are compared in microseconds, and there is no second
// structure that could disagree with what is in the context.

/** One sequence of the context, as far as planning needs it. */
export interface SlotView {
  /** Ids whose cells are computed. */
  readonly cells: readonly number[];
  /** Ids that the request running in it will have computed once its prompt is done; null when it is idle. */
  readonly promised: readonly number[] | null;
  /** Counts up with each use; the smallest is the least recently used. */
  readonly lastUsed: number;
}

export type Plan =
  /** Take `slot`; its first `keep` cells are right after copying `from` into it (`from` is `slot` itself: no copy). */
  | { readonly kind: "take"; readonly slot: number; readonly from: number; readonly keep: number }
  /** Every sequence is busy. */
  | { readonly kind: "busy" }
  /** The request running in `slot` is about to have a longer shared prefix than there is now. */
  | { readonly kind: "await prefix"; readonly slot: number };

/** A copy or a wait must save at least this many tokens: copying one sequence costs about as much as computing a few. */
const leastGain = 8;

/** Number of leading ids that two sequences share. */
export function commonLength(one: readonly number[], other: readonly number[]): number {
  const end = Math.min(one.length, other.length);
  let at = 0;
  while (at < end && one[at] === other[at]) at++;
  return at;
}

/** True where a request goes on behind everything that is in a slot. */
export function continues(cells: readonly number[], ids: readonly number[]): boolean {
  return cells.length > 0 && cells.length < ids.length && commonLength(cells, ids) === cells.length;
}

/**
 * Plans one request. The last id is never taken over: its logits must be computed.
 * An idle slot whose cells are all a prefix of the request (the next turn of an episode) is continued in place;
 * otherwise the least recently used idle slot is the victim and gets the longest known prefix, from wherever it is.
 */
export function planSlot(slots: readonly SlotView[], ids: readonly number[]): Plan {
  const most = ids.length - 1;
  const shared = slots.map((slot) => Math.min(most, commonLength(slot.cells, ids)));
  const sharedAt = (at: number) => shared[at] ?? 0;
  const longest = indexOfBest(slots, (_, at) => sharedAt(at));
  const available = sharedAt(longest);

  const coming = slots.map((slot) => (slot.promised === null ? 0 : Math.min(most, commonLength(slot.promised, ids))));
  const next = indexOfBest(slots, (_, at) => coming[at] ?? 0);
  const target = victim(slots, sharedAt);
  if (target === null) return { kind: "busy" };
  if ((coming[next] ?? 0) >= available + leastGain) return { kind: "await prefix", slot: next };

  const own = sharedAt(target);
  return available >= own + leastGain
    ? { kind: "take", slot: target, from: longest, keep: available }
    : { kind: "take", slot: target, from: target, keep: own };
}

/** The idle slot to use, or null when all are busy. */
function victim(slots: readonly SlotView[], sharedAt: (at: number) => number): number | null {
  let chosen: number | null = null;
  let continued = 0;
  let oldest = Number.POSITIVE_INFINITY;
  for (const [at, slot] of slots.entries()) {
    if (slot.promised !== null) continue;
    const whole = slot.cells.length > 0 && sharedAt(at) >= slot.cells.length ? slot.cells.length : 0;
    if (whole > continued || (whole === continued && slot.lastUsed < oldest)) {
      chosen = at;
      continued = whole;
      oldest = slot.lastUsed;
    }
  }
  return chosen;
}

function indexOfBest<T>(items: readonly T[], score: (item: T, at: number) => number): number {
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  for (const [at, item] of items.entries()) {
    const value = score(item, at);
    if (value > most) {
      most = value;
      best = at;
    }
  }
  return best;
}
