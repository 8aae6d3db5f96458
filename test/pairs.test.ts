import { expect, test } from "vitest";
import { besideOf, pairOf } from "../src/pairs.ts";

test("the two places of a pair have one number, and each is beside the other", () => {
  const places = Array.from({ length: 8 }, (_, place) => place);
  expect(places.map(pairOf)).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  for (const place of places) {
    expect(besideOf(place)).not.toBe(place);
    expect(pairOf(besideOf(place))).toBe(pairOf(place));
    expect(besideOf(besideOf(place))).toBe(place);
  }
});
