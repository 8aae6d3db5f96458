// One form for each call: it must agree with isSameCall, which decides everywhere else.
import { describe, expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import { canonicalCall, canonicalState } from "../../src/rules/canonical.ts";
import { isSameCall } from "../../src/rules/values.ts";
import type { Json, JsonObject, ToolSpec } from "../../src/types.ts";
import { booked, findTrain, found } from "../support/blueprint.ts";

const shop: ToolSpec = {
  name: "order",
  description: "Orders things.",
  parameters: {
    type: "object",
    properties: {
      what: { type: "string" },
      size: { type: "string", enum: ["S", "s", "Large"], default: "S" },
      count: { type: "integer", default: 1 },
      price: { type: ["number", "null"] },
      gift: { type: "boolean" },
      parts: { type: "array", items: { type: "string" } },
      at: { type: "string", format: "date-time" },
      to: {
        type: "object",
        properties: { city: { type: "string" }, zip: { type: ["string", "null"] }, country: { type: "string", default: "NO" } },
        required: ["city"],
      },
      note: {},
    },
    required: ["what"],
  },
};
const form = (given: JsonObject) => canonicalCall({ name: "order", arguments: given }, [shop]);

describe("a call", () => {
  test.each<[string, JsonObject, JsonObject]>([
    ["the order of arguments", { what: "tea", count: 2 }, { count: 2, what: "tea" }],
    ["case, underscores and final punctuation of free text", { what: "green_tea" }, { what: "Green tea." }],
    ["a default that is said", { what: "tea" }, { what: "tea", size: "S", count: 1 }],
    ["null for a default", { what: "tea", count: null }, { what: "tea" }],
    [
      "the order of fields inside",
      { what: "tea", to: { city: "Oslo", zip: "0150" } },
      { what: "tea", to: { zip: "0150", city: "OSLO" } },
    ],
    ["null for what may be null", { what: "tea", price: null }, { what: "tea" }],
    [
      "null for a member that may be null",
      { what: "tea", to: { city: "Oslo", zip: null } },
      { what: "tea", to: { city: "Oslo" } },
    ],
    ["a default inside", { what: "tea", to: { city: "Oslo", country: "NO" } }, { what: "tea", to: { city: "Oslo" } }],
    [
      "the zone in which a moment is told",
      { what: "tea", at: "2026-03-05T18:00:00Z" },
      { what: "tea", at: "2026-03-05T19:00:00.000+01:00" },
    ],
    ["a number in digits", { what: "tea", price: 2.5 }, { what: "tea", price: "2.50" }],
    ["a truth value in words", { what: "tea", gift: true }, { what: "tea", gift: "True" }],
  ])("has one form, whatever %s", (_, one, other) => {
    expect(isSameCall({ name: "order", arguments: one }, { name: "order", arguments: other }, [shop])).toBe(true);
    expect(form(one)).toBe(form(other));
  });

  test.each<[string, JsonObject, JsonObject]>([
    ["another value", { what: "tea" }, { what: "milk" }],
    ["a listed value in another case", { what: "tea", size: "s" }, { what: "tea", size: "S" }],
    ["one that is listed and one that is not", { what: "tea", size: "Large" }, { what: "tea", size: "large" }],
    ["digits of a text", { what: "tea", to: { zip: "1.10" } }, { what: "tea", to: { zip: "1.1" } }],
    ["a time of any zone", { what: "tea", at: "2026-03-05T18:00:00Z" }, { what: "tea", at: "2026-03-05T18:00:00" }],
    ["a leading zero", { what: "tea", price: "02" }, { what: "tea", price: "2" }],
    ["the order of a list", { what: "tea", parts: ["a", "b"] }, { what: "tea", parts: ["b", "a"] }],
    ["a list that is cut otherwise", { what: "tea", parts: ["a,b"] }, { what: "tea", parts: ["a", "b"] }],
    ["an argument more", { what: "tea" }, { what: "tea", gift: false }],
  ])("has another form for %s", (_, one, other) => {
    expect(form(one)).not.toBe(form(other));
  });

  test("has another form for another tool, and needs no schema", () => {
    expect(canonicalCall(found)).not.toBe(canonicalCall({ ...found, name: "find_bus" }));
    expect(canonicalCall(found, [findTrain])).toBe('find_train{"day":"2027-03-02","from":"oslo","to":"bergen"}');
  });

  test("has one form with another exactly where isSameCall says so, over 4,000 drawn pairs", () => {
    // strings of digits are left out where a number may stand: sameness is not transitive there
    const pools: Readonly<Record<string, readonly Json[]>> = {
      what: ["tea", "Tea.", "green_tea", "green tea", "2", "2.0", "true"],
      size: ["S", "s", "Large", "large"],
      count: [1, 2],
      price: [2, 2.5, -1e21, null],
      at: ["2026-03-05T18:00:00Z", "2026-03-05T18:00:00+00:00", "2026-03-05T18:00:00"],
      gift: [true, false, "TRUE"],
      parts: [["a"], ["A", "b"], ["b", "a"], []],
      to: [
        { city: "Oslo" },
        { city: "oslo!" },
        { zip: "01" },
        { city: "Oslo", zip: "01" },
        { zip: "01", city: "oslo" },
        { city: "oslo", zip: null },
      ],
      note: [{ deep: ["X"] }, { deep: ["x"] }, [], {}, "x"],
    };
    let same = 0;
    for (let pair = 0; pair < 4_000; pair++) {
      const random = draws("pair", pair);
      const drawn = () => {
        const names = random.shuffle(Object.keys(pools)).slice(0, random.integer(0, 2));
        return { name: "order", arguments: Object.fromEntries(names.map((name) => [name, random.pick(pools[name] ?? [])])) };
      };
      const [one, other] = [drawn(), drawn()];
      const agree = canonicalCall(one, [shop]) === canonicalCall(other, [shop]);
      expect(agree, JSON.stringify([one, other])).toBe(isSameCall(one, other, [shop]));
      same += Number(agree);
    }
    expect(same).toBeGreaterThan(200);
  });
});

test("the state is what was changed, in order; reading changes nothing", () => {
  const again = { ...booked, arguments: { ...booked.arguments, seats: 3 } };
  expect(canonicalState([found, booked, found, again])).toEqual([canonicalCall(booked), canonicalCall(again)]);
  const reads = (tool: string) => tool !== found.name; // as the drift of a decoy pair may say (rules/drift.ts)
  expect(canonicalState([found, booked], [], reads)).toEqual([canonicalCall(found)]);
  expect(canonicalState([again, booked])).not.toEqual(canonicalState([booked, again]));
});
