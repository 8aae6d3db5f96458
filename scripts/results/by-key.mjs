// Items in groups.

/**
 * Items by key, in the order in which the keys come (Map.groupBy, which Node 20 lacks).
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T) => string} key
 */
export function byKey(items, key) {
  /** @type {Map<string, T[]>} */
  const groups = new Map();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

const kinds = ["plain", "parallel", "chain", "ask", "ask+chain", "decline"];

/**
 * Tasks by kind, in the order of the tables.
 * @template {{ kind: string }} T
 * @param {readonly T[]} tasks
 */
export const byKind = (tasks) =>
  byKey(
    tasks.toSorted((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind)),
    ({ kind }) => kind,
  );
