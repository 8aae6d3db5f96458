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
