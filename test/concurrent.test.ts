import { describe, expect, test } from "vitest";
import { mapConcurrent } from "../src/concurrent.ts";
import { Stopped } from "../src/errors.ts";

const items = Array.from({ length: 12 }, (_, index) => index);
/** Lets everything that can go on go on. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("concurrent work", () => {
  test("starts in order, never more at once than the width, and ends with everything done", async () => {
    const begun: number[] = [];
    let running = 0;
    let most = 0;
    const work = async (item: number) => {
      begun.push(item);
      most = Math.max(most, ++running);
      for (let wait = 0; wait < 1 + ((item * 5) % 3); wait++) await turn(); // some overtake others
      running--;
    };
    await mapConcurrent(items, 3, work);
    expect(begun).toEqual(items);
    expect(most).toBe(3);
    expect(running).toBe(0);
  });

  test("on no items ends at once", async () => {
    await mapConcurrent([], 3, () => Promise.reject(new Error("no item")));
  });

  test("starts nothing more once it is stopped, and ends when the running items have finished", async () => {
    const done: number[] = [];
    const work = async (item: number) => {
      if (done.length >= 4) throw new Stopped();
      await turn();
      done.push(item);
    };
    await expect(mapConcurrent(items, 2, work)).rejects.toThrow(Stopped);
    expect(done).toEqual([0, 1, 2, 3, 4]);
  });

  test("that throws in one lane starts nothing more in the others", async () => {
    const begun: number[] = [];
    const work = async (item: number) => {
      begun.push(item);
      await turn();
      if (item === 3) throw new Error("item 3");
    };
    await expect(mapConcurrent(items, 3, work)).rejects.toThrow("item 3");
    for (let wait = 0; wait < 20; wait++) await turn();
    expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
