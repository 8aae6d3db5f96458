import { describe, expect, test } from "vitest";
import { carriedShare, carries } from "../../src/tasks/said.ts";
import {
  isCutShort,
  isSameCall,
  leaves,
  rightArguments,
  sameValue,
  spoken,
  spokenValue,
} from "../../src/tasks/values.ts";
import type { Json } from "../../src/types.ts";

describe("two values are the same", () => {
  test.each<[Json, Json]>([
    ["Oslo", "oslo"],
    ["window_seat", "Window seat"],
    [" Oslo ", "Oslo."],
    [2, "2"],
    [2, 2.0],
    ["1.50", 1.5],
    [true, "true"],
    [null, null],
    [
      ["a", 1],
      ["A", "1"],
    ],
    [
      { a: 1, b: "x" },
      { b: "X", a: 1 },
    ],
    [[], []],
  ])("%j and %j", (left, right) => {
    expect([sameValue(left, right), sameValue(right, left)]).toEqual([true, true]);
  });

  test.each<[Json, Json]>([
    ["Oslo", "Bergen"],
    [2, 3],
    [0, ""],
    [0, false],
    [null, ""],
    [null, "null"],
    [
      ["a", "b"],
      ["b", "a"],
    ],
    [["a"], ["a", "a"]],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: 1 }, { b: 1 }],
    [["a"], "a"],
    [{}, []],
    ["2027-03-02", "2027-02-03"],
  ])("but not %j and %j", (left, right) => {
    expect([sameValue(left, right), sameValue(right, left)]).toEqual([false, false]);
  });
});

describe("a sentence carries a value", () => {
  test.each<[string, Json]>([
    ["From Oslo to Bergen, please.", "bergen"],
    ["I am in Oslo.", "Oslo"],
    ["a parcel of 5kg", 5],
    ["heat it to 25°C", 25],
    ["2.5km, please", 2.5],
    ["Is it Oslo? I think so.", "Oslo"],
    ["I live in Oslo. It is cold.", "Oslo"],
    ["for two people", 2],
    ["for 2 people", 2],
    ["It costs $1,200 today", 1200],
    ["It costs 12.50 euros", 12.5],
    ["It is -2.5 degrees", -2.5],
    ["on 2027-03-02.", "2027-03-02"],
    ["on March 2nd, 2027", "2027-03-02"],
    ["on 2 March. Or later.", "2027-03-02"],
    ["the 2nd of March", "2027-03-02"],
    ["at 10:30.", "10:30"],
    ["a window seat", "window_seat"],
    ["Luigi's on Main St. 5", "Main St. 5"],
    ["red and blue", ["red", "blue"]],
    ["from Oslo, 2 seats", { from: "Oslo", seats: 2 }],
    ["whatever is said", true],
    ["whatever is said", null],
    ["whatever is said", []],
    ["whatever is said", ""],
  ])("%j carries %j", (text, value) => {
    expect(carries(text, value)).toBe(true);
  });

  test.each<[string, Json]>([
    ["From Oslo", "Os"],
    ["From Oslo", "Bergen"],
    ["for twenty people", 2],
    ["It costs 2.5 euros", 2],
    ["It costs 12 euros", 2],
    ["at 10:30", 10],
    ["room A-12", 12],
    ["on March 20", "2027-03-02"],
    ["on May 2", "2027-03-02"],
    ["only red", ["red", "blue"]],
    ["on the 5th", 5],
    ["the 15kg bag", 5],
    ["row 5abcd", 5],
    ["", "Oslo"],
  ])("%j does not carry %j", (text, value) => {
    expect(carries(text, value)).toBe(false);
  });

  test("the share carried counts values one by one; truth values are said in too many ways to count", () => {
    expect(carriedShare("NT418 at 08:25", { train_id: "NT418", departs: "08:25", free: true })).toBe(1);
    expect(carriedShare("NT418", [{ train_id: "NT418", departs: "08:25" }, { price: 184 }])).toBeCloseTo(1 / 3);
    expect(carriedShare("nothing", { train_id: "NT418", free: true, note: "", platform: null })).toBe(0);
    expect(carriedShare("anything", { ok: true })).toBe(1);
    expect(carriedShare("anything", [])).toBe(1);
  });
});

describe("arguments", () => {
  test("an extra or a missing one is as wrong as a wrong one", () => {
    expect(rightArguments({ a: 1, b: 2 }, { a: 1, b: 2 })).toBe(1);
    expect(rightArguments({ a: 1, b: 2 }, { a: 1, b: 3 })).toBe(0.5);
    expect(rightArguments({ a: 1, b: 2 }, { a: 1 })).toBe(0.5);
    expect(rightArguments({ a: 1 }, { a: 1, b: 2 })).toBe(0.5);
    expect(rightArguments({ a: 1 }, { b: 1 })).toBe(0);
    expect(rightArguments({}, {})).toBe(1);
  });

  test("a call is the same when its name and all its values are", () => {
    const call = { name: "find", arguments: { city: "Oslo" } };
    expect(isSameCall(call, { name: "find", arguments: { city: "OSLO" } })).toBe(true);
    expect(isSameCall(call, { name: "look", arguments: { city: "Oslo" } })).toBe(false);
    expect(isSameCall(call, { name: "find", arguments: { city: "Oslo", day: 1 } })).toBe(false);
  });
});

test("names and values are spoken as a person says them", () => {
  expect(["check_in_date", "checkInDate", "user.name"].map(spoken)).toEqual(["check in date", "check in date", "user name"]);
  expect([["a_b", 2], { room_type: "king_size" }, false, null].map((value) => spokenValue(value as Json))).toEqual([
    "a b and 2",
    "room type king size",
    "no",
    "null",
  ]);
  expect(leaves({ a: [1, { b: null }], c: "x" })).toEqual([1, null, "x"]);
});

test.each([
  ["", true],
  ["x", true],
  ["Alice Johnson 28/07/2027 15:", true],
  ["A (", true],
  ["Bergen-", true],
  ["Oslo", false],
  ["Dr. Lind", false],
  ["3B", false],
  [3, false],
])("%j is cut short: %s", (value, cut) => {
  expect(isCutShort(value)).toBe(cut);
});
