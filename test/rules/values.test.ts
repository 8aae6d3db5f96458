import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isCutShort, isMisformed, isSameCall, leaves, rightArguments, sameValue } from "../../src/rules/values.ts";
import type { Json, JsonObject, JsonSchema, ToolCall } from "../../src/types.ts";

describe("two values are the same", () => {
  test.each<[Json, Json]>([
    ["Oslo", "oslo"],
    ["window_seat", "Window seat"],
    [" Oslo ", "Oslo."],
    ["Thanks. ", "Thanks\n"],
    ["O\u2019Brien", "O'Brien"],
    ["twenty\u2011one", "twenty-one"],
    ["我到了。", "我到了"],
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
    [",", ";"],
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
    ["02134", "2134"],
    ["007", "7"],
    ["3.10", "3.1"],
    ["1e3", "1000"],
    ["1917043659912705297", "1917043659912705296"],
    ["02134", 2134],
    ["1e3", 1000],
    ["0x10", 16],
    [JSON.parse('{"city": "Oslo", "__proto__": {}}'), { city: "Oslo" }],
    [JSON.parse('{"__proto__": {}}'), { city: {} }],
    [{ constructor: 1 }, {}],
    [{ a: 1 }, { toString: 1 }],
  ])("but not %j and %j", (left, right) => {
    expect([sameValue(left, right), sameValue(right, left)]).toEqual([false, false]);
  });
});

test("two different strings of digits are never the same; a string equals a number only as the same plain number", () => {
  const digits = fc.stringMatching(/^-?\d{1,20}(\.\d{1,4})?$/);
  fc.assert(
    fc.property(digits, digits, (left, right) => {
      expect(sameValue(left, right)).toBe(left === right);
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: -999_999, max: 999_999 }), fc.nat(3), fc.nat(2), (whole, places, zeros) => {
      const number = Number((whole / 10 ** places).toFixed(places));
      const text = number.toFixed(places + zeros);
      expect([text, number, sameValue(text, number)]).toEqual([
        text,
        number,
        Number(text) === number && !/^-0(\.0+)?$/.test(text),
      ]);
      expect(sameValue(`0${text.replace("-", "")}`, number)).toBe(false);
    }),
  );
});

describe("what a schema lists", () => {
  const units: JsonSchema = { type: "string", enum: ["m", "M", "mg"] };
  const parameters: JsonSchema = {
    type: "object",
    properties: {
      unit: units,
      either: { anyOf: [{ const: "A_1" }, { type: "string", minLength: 2 }] },
      list: { type: "array", items: units },
      named: { type: "object", additionalProperties: { type: "object", properties: { unit: units } } },
    },
  };
  const tool = { name: "set", description: "", parameters };

  test.each<[JsonObject, JsonObject]>([
    [{ unit: "m" }, { unit: "M" }],
    [{ either: "A_1" }, { either: "a 1" }],
    [{ list: ["mg", "m"] }, { list: ["mg", "M"] }],
    [{ named: { first: { unit: "m" } } }, { named: { first: { unit: "M" } } }],
  ])("is compared as it is written: %j is not %j", (left, right) => {
    expect(sameValue(left, left, parameters)).toBe(true);
    expect([sameValue(left, right, parameters), sameValue(right, left, parameters)]).toEqual([false, false]);
    const [one, other] = [left, right].map((given) => ({ name: "set", arguments: given })) as [ToolCall, ToolCall];
    expect([isSameCall(one, other, [tool]), isSameCall(one, other)]).toEqual([false, true]);
    expect(rightArguments(left, right, parameters)).toBe(0);
  });

  test("of a time whose form only a description tells is compared as a moment, where it is written so", () => {
    const described = (description: string) => ({ type: "object", properties: { at: { type: "string", description } } });
    const same = (one: string, other: string, description = "Start time, ISO 8601") =>
      sameValue({ at: one }, { at: other }, described(description));
    expect(same("2027-03-05T18:00", "2027-03-05T18:00:00")).toBe(true);
    expect(same("9:00", "09:00", "as HH:MM")).toBe(true);
    expect(same("2027-03-05T18:00Z", "2027-03-05T18:00")).toBe(false);
    expect(same("March 5, 2027 at 18:00", "2027-03-05T18:00")).toBe(false);
    expect(same("05.03.2027", "2027-03-05", "Date in ISO 8601")).toBe(false);
    expect(same("+02:00", "-02:00", "UTC offset as +HH:MM")).toBe(false);
    expect(same("9:00", "09:00", "a time")).toBe(false);
  });

  test("does not affect the free text next to it", () => {
    expect(sameValue({ either: "Oslo" }, { either: "oslo." }, parameters)).toBe(true);
  });

  test.each<[JsonObject, boolean]>([
    [{ unit: "m" }, false],
    [{ unit: "x" }, true],
    [{ list: ["M", "mg"] }, false],
    [{ list: ["M", ","] }, true],
    [{ named: { any: { unit: "m" } } }, false],
    [{ named: { any: { note: "Bergen-" } } }, true],
    [{ either: "A_1" }, false],
    [{ either: "Oslo (" }, true],
  ])("is never cut short, in lists and objects either: %j", (value, cut) => {
    expect(isCutShort(value, parameters)).toBe(cut);
  });

  test.each<[JsonObject, string]>([
    [{ pattern: "^[A-F]$" }, "A"],
    [{ pattern: "^(A|B|AB|O)[+-]$" }, "AB+"],
    [{ format: "uri" }, "https://example.com/"],
    [{ maxLength: 1 }, "M"],
  ])("is complete where the schema describes it: %j, %s", (schema, value) => {
    expect([isCutShort(value, schema), isCutShort(value)]).toEqual([false, true]);
    expect([isCutShort(" ", schema), isCutShort("+47 (", { format: "phone" })]).toEqual([true, true]);
  });

  test.each(["O+", "AB-", "<", ">=", "/"])("may end in any sign: %s", (value) => {
    expect([isCutShort(value, { enum: [value] }), isCutShort(value, { const: value })]).toEqual([false, false]);
  });
});

describe("arguments", () => {
  test("an extra or missing one counts as wrong", () => {
    expect(rightArguments({ a: 1, b: 2 }, { a: 1, b: 2 })).toBe(1);
    expect(rightArguments({ a: 1, b: 2 }, { a: 1, b: 3 })).toBe(0.5);
    expect(rightArguments({ a: 1, b: 2 }, { a: 1 })).toBe(0.5);
    expect(rightArguments({ a: 1 }, { a: 1, b: 2 })).toBe(0.5);
    expect(rightArguments({ a: 1 }, { b: 1 })).toBe(0);
    expect(rightArguments({}, {})).toBe(1);
  });

  test("an optional value that is exactly the default counts as left out, on either side; another one does not", () => {
    const unit = { enum: ["celsius", "kelvin"], default: "celsius" };
    const parameters = { type: "object", properties: { city: { type: "string" }, unit }, required: ["city"] };
    const [bare, said, other] = [{ city: "Oslo" }, { city: "Oslo", unit: "celsius" }, { city: "Oslo", unit: "kelvin" }];
    expect([rightArguments(bare, said, parameters), rightArguments(said, bare, parameters)]).toEqual([1, 1]);
    expect([rightArguments(bare, other, parameters), rightArguments(other, bare, parameters)]).toEqual([0.5, 0.5]);
    expect(rightArguments(said, other, parameters)).toBe(0.5);
    // a required one has to be given
    expect(rightArguments(said, bare, { ...parameters, required: ["city", "unit"] })).toBe(0.5);
    expect(rightArguments(bare, said)).toBe(0.5);
  });

  test("null is null where it must be given, and what is left out where it may be", () => {
    const properties = { city: { type: "string" }, unit: { type: ["string", "null"] } };
    const strict = { type: "object", properties, required: ["city", "unit"] };
    const [bare, said] = [{ city: "Oslo" }, { city: "Oslo", unit: null }];
    expect([rightArguments(said, said, strict), rightArguments(said, bare, strict)]).toEqual([1, 0.5]);
    expect(rightArguments(said, bare, { ...strict, required: ["city"] })).toBe(1);
  });

  test("that every object inherits do not count", () => {
    const hidden = JSON.parse('{"city": "Oslo", "__proto__": {}}') as JsonObject;
    expect(rightArguments({ city: "Oslo" }, hidden)).toBe(0.5);
    for (const name of ["constructor", "toString", "valueOf", "__proto__"]) {
      const given = JSON.parse(`{"${name}": "Ferrari"}`) as JsonObject;
      expect([rightArguments(given, given), rightArguments(given, {}), rightArguments({}, given)]).toEqual([1, 0, 0]);
    }
  });

  test("two calls are the same if their names and all values are", () => {
    const call = { name: "find", arguments: { city: "Oslo" } };
    expect(isSameCall(call, { name: "find", arguments: { city: "OSLO" } })).toBe(true);
    expect(isSameCall(call, { name: "look", arguments: { city: "Oslo" } })).toBe(false);
    expect(isSameCall(call, { name: "find", arguments: { city: "Oslo", day: 1 } })).toBe(false);
  });
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

test.each<[string, JsonSchema, Json, boolean]>([
  ["a day as YYYY-MM-DD", { description: "Date in YYYY-MM-DD format" }, "March 5, 2027", true],
  ["a day as YYYY-MM-DD", { description: "Date in YYYY-MM-DD format" }, "2027-03-05", false],
  ["words beside a day", { description: "Day, as YYYY-MM-DD, or 'tomorrow'" }, "tomorrow", false],
  ["a time as HH:MM", { description: "Time as HH:MM" }, "2:30 PM", true],
  ["a time as HH:MM", { description: "Time as HH:MM" }, "14:30", false],
  ["a time of twelve hours", { description: "Time as HH:MM AM/PM" }, "2:30 PM", false],
  ["a day in another form, with a time", { description: "MM/DD/YYYY HH:MM" }, "03/15/2027 14:30", false],
  ["a moment", { description: "Start, ISO 8601" }, "March 5, 2027 at 6 PM", true],
  ["a moment", { description: "Start, ISO 8601" }, "2027-03-05T18:00Z", false],
  ["a list of days", { type: "array", items: { description: "as YYYY-MM-DD" } }, ["2027-03-05", "5 March 2027"], true],
  ["a text with a pattern", { description: "as YYYY-MM-DD", pattern: "^[A-Z]" }, "March 5, 2027", false],
  ["a listed text", { description: "as YYYY-MM-DD", enum: ["March 5"] }, "March 5", false],
  ["a text without a form", { description: "Day of the visit" }, "March 5", false],
])("is a date or time out of the form that its page names, in %s (%j): %j, %s", (_what, schema, value, misformed) => {
  expect(isMisformed({ it: value }, { type: "object", properties: { it: schema } })).toBe(misformed);
});

test("the leaves of a value are its scalars, in order", () => {
  expect(leaves({ a: [1, { b: null }], c: "x" })).toEqual([1, null, "x"]);
});
