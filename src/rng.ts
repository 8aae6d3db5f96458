// Every random draw has a seed derived from names (run, step, task, sample, role, turn, attempt). There is no global
// generator and no state to restore on resume: the same names give the same draw.
import { createHash } from "node:crypto";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A 32-bit seed from any names; stable across versions, machines and processes. */
export function seedFrom(...names: readonly (string | number)[]): number {
  return createHash("sha256").update(JSON.stringify(names)).digest().readUInt32LE(0);
}

/** A small stream of draws for one purpose. */
export interface Draws {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform integer in [low, high], both ends included. */
  integer(low: number, high: number): number;
  /** One element; throws on an empty list, which is a programming error. */
  pick<T>(items: readonly T[]): T;
  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[];
}

export function draws(...names: readonly (string | number)[]): Draws {
  const generator = xoroshiro128plus(seedFrom(...names));
  const uniform = () => uniformFloat64(generator);
  const integer = (low: number, high: number) => low + Math.floor(uniform() * (high - low + 1));
  return {
    uniform,
    integer,
    pick: (items) => {
      if (items.length === 0) throw new RangeError(`nothing to pick from (seed names: ${names.join(" ")})`);
      // in range by construction
      return items[integer(0, items.length - 1)] as (typeof items)[number];
    },
    shuffle: (items) => {
      const copy = [...items];
      for (let last = copy.length - 1; last > 0; last--) {
        const other = integer(0, last);
        // both indexes are in range by construction
        [copy[last], copy[other]] = [copy[other] as (typeof copy)[number], copy[last] as (typeof copy)[number]];
      }
      return copy;
    },
  };
}
