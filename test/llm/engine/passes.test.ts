import { expect, test } from "vitest";
import { gapsToClose } from "../../../src/llm/engine/passes.ts";

test("gaps of one or two sequences are filled, wider ones and the ends are not", () => {
  expect(gapsToClose([0, 1, 2, 3], 9)).toEqual([]);
  expect(gapsToClose([1, 3, 6, 7], 9)).toEqual([2, 4, 5]);
  expect(gapsToClose([0, 1, 5, 7], 9)).toEqual([6]);
});

test("a few live sequences keep separate passes", () => {
  expect(gapsToClose([0, 2, 4], 9)).toEqual([]);
  expect(gapsToClose([0, 2, 4, 6], 9)).toEqual([1, 3, 5]);
  expect(gapsToClose([], 9)).toEqual([]);
});

test("a gap is filled completely or not at all if the batch has little room", () => {
  expect(gapsToClose([0, 3, 5, 6], 1)).toEqual([4]);
  expect(gapsToClose([0, 3, 5, 6], 2)).toEqual([1, 2]);
});
