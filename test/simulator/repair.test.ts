import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closeCut } from "../../src/simulator/repair.ts";

describe("a reply that was cut", () => {
  test.each([
    ['{"a":"tex', '{"a":"tex"}'],
    ['{"a":"te\\', '{"a":"te"}'],
    ['{"a":1,"b":"x"', '{"a":1,"b":"x"}'],
    ['{"a":1,"b":12', '{"a":1}'],
    ['{"a":1,"b":', '{"a":1}'],
    ['{"a":1,"b', '{"a":1}'],
    ['{"a":[{"b":true},{"b":fal', '{"a":[{"b":true},{}]}'],
    ['{"a":[1,2', '{"a":[1]}'],
    ['{"a"', "{}"],
    ["[", "[]"],
    ['"half', '"half"'],
    ['{"a":"x, y: {', '{"a":"x, y: {"}'],
  ])("%s is closed as %s", (cut, whole) => {
    expect(closeCut(cut)).toBe(whole);
  });

  test.each([[""], ["12"], ["tru"], ["}"], ['{"a":1]']])("%j tells no whole value", (text) => {
    expect(closeCut(text)).toBeNull();
  });

  test("is valid JSON wherever it is cut, and what is whole stays as it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue())), (value) => {
        const text = JSON.stringify(value);
        expect(closeCut(text)).toBe(text);
        for (let end = 1; end < text.length; end++) JSON.parse(closeCut(text.slice(0, end)) ?? "no value");
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});
