// Which sequence a request uses and which prefix it can reuse. Pure: it reads the slots and returns a plan; batcher.ts
// executes it. Sequences share no cells (`kv_unified` is off): a shared prefix is copied. No radix tree: comparing a few dozen
// slots of a few thousand ids takes microseconds, and a second structure could disagree with the context.

/** One sequence of the context, as needed for planning. */
export interface SlotView {
  /** Ids whose cells are computed. */
  readonly cells: readonly number[];
  /** Ids that the running request will have computed once its prompt is done; null when idle. */
  readonly promised: readonly number[] | null;
  /** Increases with each use; the smallest is the least recently used. */
  readonly lastUsed: number;
}

export type SlotPlan =
  /** Use `slot`; its first `keep` cells are valid after copying `from` into it (`from` is `slot` itself: no copy). */
  | { readonly kind: "take"; readonly slot: number; readonly from: number; readonly keep: number }
  /** Every sequence is busy. */
  | { readonly kind: "busy" }
  /** The request running in `slot` will soon have a longer shared prefix than any available now. */
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

/** Whether a request continues everything that is in a slot. */
export function continues(cells: readonly number[], ids: readonly number[]): boolean {
  return cells.length > 0 && cells.length < ids.length && commonLength(cells, ids) === cells.length;
}

/**
 * Plans one request. The last id is never reused: its logits must be computed.
 * An idle slot whose cells are all a prefix of the request (the next turn of an episode) is continued in place;
 * otherwise the least recently used idle slot is overwritten with the longest known prefix, from any slot.
 */
export function planSlot(slots: readonly SlotView[], ids: readonly number[]): SlotPlan {
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
