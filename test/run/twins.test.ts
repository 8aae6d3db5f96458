import { describe, expect, test } from "vitest";
import { twinPlaces } from "../../src/run/twins.ts";

/** d: decline, p: plain, a: ask, c: two calls. */
const twins = (kinds: string) =>
  [
    ...twinPlaces(
      Array.from(kinds, (kind) => ({ decline: kind === "d", hold: Number(kind === "a"), calls: kind === "c" ? 2 : 1 })),
    ),
  ].map(([place, { of, as }]) => `${place} ${as} ${of}`);

describe("declines", () => {
  test("are twins of the call that shares their mini-batch of two, whatever its kind", () => {
    expect(twins("dppppp")).toEqual(["0 decline 1"]);
    expect(twins("pccdpp")).toEqual(["3 decline 2"]);
    expect(twins("adccda")).toEqual(["1 decline 0", "4 decline 5"]);
  });

  test("without a call beside them are twins of the nearest one that is written, and are written where there is none", () => {
    expect(twins("ddp")).toEqual(["0 decline 2", "1 decline 2"]);
    expect(twins("dd")).toEqual([]);
    expect(twins("ddpa")).toEqual(["2 told 3", "0 decline 3", "1 decline 3"]);
  });
});

test("beside a task that must ask stands the same one with nothing left to ask; other calls are written", () => {
  expect(twins("appa")).toEqual(["1 told 0", "2 told 3"]);
  expect(twins("aa")).toEqual(["1 told 0"]);
  expect(twins("accappcc")).toEqual([]);
});
