import { expect, test } from "vitest";
import { pairsOf } from "../../src/run/twins.ts";

const pairs = (declines: string) => [...pairsOf(Array.from(declines, (place) => place === "d"))];

test("a decline is the twin of the call that shares its mini-batch of two", () => {
  expect(pairs("dccccc")).toEqual([[0, 1]]);
  expect(pairs("cccdcc")).toEqual([[3, 2]]);
  expect(pairs("cdccdc")).toEqual([
    [1, 0],
    [4, 5],
  ]);
});

test("without a call beside it the nearest one is taken, and without any call there is no twin", () => {
  expect(pairs("ddc")).toEqual([
    [0, 2],
    [1, 2],
  ]);
  expect(pairs("dd")).toEqual([]);
  expect(pairs("ccc")).toEqual([]);
});
