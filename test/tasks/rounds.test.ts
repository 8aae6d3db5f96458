// Which drafts are written, and what is decided in which order; the drafts here are numbers that say when they are ready.
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Stopped } from "../../src/errors.ts";
import { drawInRounds, type Rounds } from "../../src/tasks/rounds.ts";

interface Told {
  readonly written: string[];
  readonly decided: string[];
  readonly stopped: boolean;
}

/** Draws three places; `takes` decides which drafts are accepted. */
async function draw(takes: (place: number, number: number) => boolean, change: Partial<Rounds<number>> = {}): Promise<Told> {
  const written: string[] = [];
  const decided: string[] = [];
  const drawing = drawInRounds<number>({
    places: [0, 1, 2],
    rounds: 5,
    fruitful: [],
    width: 4,
    write: async (place, number, lowered) => {
      written.push(`${place}.${number}${lowered ? " lowered" : ""}`);
      return number;
    },
    decide: async (place, number, round) => {
      decided.push(`round ${round}: ${place}.${number}`);
      return takes(place, number);
    },
    ...change,
  });
  const stopped = await drawing.then(
    () => false,
    (error: unknown) => {
      if (error instanceof Stopped) return true;
      throw error;
    },
  );
  return { written, decided, stopped };
}

describe("rounds of drafts", () => {
  test("one draft per place, and no second round if every draft is accepted", async () => {
    expect(await draw(() => true)).toEqual({
      written: ["0.1", "1.1", "2.1"],
      decided: ["round 1: 0.1", "round 1: 1.1", "round 1: 2.1"],
      stopped: false,
    });
  });

  test("from the second round on two drafts for each place that is still open, and each has a number of its own", async () => {
    const { written } = await draw((place, number) => place !== 1 || number === 4);
    expect(written).toEqual(["0.1", "1.1", "2.1", "1.2", "1.3", "1.4 lowered", "1.5 lowered"]);
  });

  test("five rounds are nine drafts, then the place stays empty", async () => {
    const { written, stopped } = await draw(() => false, { places: [7] });
    expect([written.length, new Set(written).size, stopped]).toEqual([9, 9, false]);
  });

  test("a round is drawn lower only after a round that gave nothing", async () => {
    // round 1 gives place 0, round 2 nothing, round 3 place 1, round 4 nothing, round 5 nothing
    const { written } = await draw((place, number) => place === 0 || (place === 1 && number === 4));
    const lowered = new Set(written.filter((one) => one.endsWith("lowered")).map((one) => one.replace(" lowered", "")));
    expect(lowered).toEqual(new Set(["1.4", "1.5", "2.4", "2.5", "2.8", "2.9"]));
  });

  test("what a round gave before a resume counts as given", async () => {
    const never = () => false;
    expect((await draw(never, { places: [2], rounds: 2 })).written).toEqual(["2.1", "2.2 lowered", "2.3 lowered"]);
    expect((await draw(never, { places: [2], rounds: 2, fruitful: [1] })).written).toEqual(["2.1", "2.2", "2.3"]);
  });

  test("a second draft is dropped unseen if the first is accepted, and not written if it was not started", async () => {
    const second = (_: number, number: number) => number > 1;
    const beside = await draw(second, { places: [0], width: 2 });
    expect(beside.decided).toEqual(["round 1: 0.1", "round 2: 0.2"]);
    expect((await draw(second, { places: [0], width: 1 })).written).toEqual(["0.1", "0.2 lowered"]);
  });
});

describe("decisions", () => {
  test("come in the order of places and numbers, however long each draft takes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.infiniteStream(fc.integer({ min: 0, max: 4 })),
        fc.integer({ min: 1, max: 8 }),
        async (waits, width) => {
          const write = async (_: number, number: number) => {
            await setTimeout(waits.next().value);
            return number;
          };
          const places = [0, 1, 2, 3, 4];
          const takes = (place: number, number: number) => (place * 3 + number) % 4 === 0;
          const shuffled = await draw(takes, { places, width, write });
          expect(shuffled.decided).toEqual((await draw(takes, { places, width: 1 })).decided);
        },
      ),
      { numRuns: 25, seed: 3 },
    );
  });

  test("are made one at a time", async () => {
    let deciding = 0;
    const decide = async () => {
      expect(++deciding).toBe(1);
      await setTimeout(1);
      deciding--;
      return true;
    };
    expect((await draw(() => true, { decide })).stopped).toBe(false);
  });

  test("that fail end the drawing with their error", async () => {
    const decide = () => Promise.reject(new Error("the disk is full"));
    await expect(draw(() => true, { decide })).rejects.toThrow("the disk is full");
  });

  test("on all started drafts are made before a stop, and no draft is started after it", async () => {
    let asked = 0;
    const write = async (_: number, number: number) => {
      if (++asked > 2) throw new Stopped();
      return number;
    };
    const told = await draw(() => true, { width: 1, write });
    expect(told).toMatchObject({ stopped: true, decided: ["round 1: 0.1", "round 1: 1.1"] });
  });
});
