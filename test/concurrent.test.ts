import { describe, expect, test } from "vitest";
import { mapConcurrent, type WorkItem, workOff } from "../src/concurrent.ts";
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

describe("work that makes more work", () => {
  /** A tree of pieces: each has `fan` pieces after it, down to a depth. */
  const tree =
    (name: string, depth: number, begun: string[], slow = () => 1): WorkItem =>
    async () => {
      begun.push(name);
      for (let wait = 0; wait < slow(); wait++) await turn();
      return depth === 0 ? [] : ["a", "b"].map((part) => tree(name + part, depth - 1, begun, slow));
    };

  test("is done to its end, also where all lanes but one wait for what that one makes", async () => {
    for (const width of [1, 3, 50]) {
      const begun: string[] = [];
      await workOff([tree("", 4, begun)], width);
      expect(new Set(begun).size).toBe(31);
      expect(begun).toHaveLength(31);
    }
    await workOff([], 3);
  });

  test("starts at once when there is room, and queues behind what was known before", async () => {
    const begun: string[] = [];
    const last: WorkItem = async () => {
      begun.push("known");
      return [];
    };
    await workOff([tree("x", 1, begun), last], 1);
    expect(begun).toEqual(["x", "known", "xa", "xb"]);
    let running = 0;
    let most = 0;
    const counted =
      (depth: number): WorkItem =>
      async () => {
        most = Math.max(most, ++running);
        await turn();
        await turn();
        running--;
        return depth === 0 ? [] : [counted(depth - 1), counted(depth - 1)];
      };
    await workOff([counted(4)], 5);
    expect(most).toBe(5);
  });

  test("ends with the first error, but when stopped only after what runs; lanes that wait are set free", async () => {
    const done: string[] = [];
    const later: WorkItem = async () => {
      done.push("later");
      return [];
    };
    const running: WorkItem = async () => {
      for (let wait = 0; wait < 5; wait++) await turn();
      done.push("running");
      return [later];
    };
    const fails =
      (error: Error): WorkItem =>
      async () => {
        await turn();
        throw error;
      };
    await expect(workOff([running, fails(new Stopped())], 4)).rejects.toThrow(Stopped);
    expect(done).toEqual(["running"]);
    await expect(workOff([running, fails(new Error("disk full"))], 4)).rejects.toThrow("disk full");
  });
});
