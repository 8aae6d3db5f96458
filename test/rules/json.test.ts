import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson, unsafeNumber } from "../../src/rules/json.ts";

describe("a number of a JSON text that a double cannot represent", () => {
  test.each([
    ['{"id": 1917043659912705297}', "1917043659912705297"],
    ['{"a": {"b": [1, [-9007199254740993]]}}', "-9007199254740993"],
    ["12345678901234567890", "12345678901234567890"],
    ["[9223372036854775807, 18446744073709551615]", "9223372036854775807"],
    ["1e400", "1e400"],
    ["[0, -1E+999]", "-1E+999"],
    ["12345678901234567890.0", "12345678901234567890.0"],
    ['{"\\\\": 9007199254740993}', "9007199254740993"],
  ])("of %s is %s", (text, number) => {
    expect(unsafeNumber(text)).toBe(number);
    expect(parseJson(text)).toEqual({ ok: false, unsafe: number });
  });

  test.each([
    ["an ordinary text", '{"a": 0.1, "b": -7, "c": 9007199254740991, "d": 3.14159265358979323846}'],
    ["large measures", '{"earth": 5.972e24, "most": 1.7976931348623157e308, "metres": 100000000000000000000}'],
    ["digits in texts and keys", '{"1917043659912705297": "a \\" 1917043659912705297"}'],
  ])("is none in %s", (_, text) => {
    expect(unsafeNumber(text)).toBeNull();
    expect(parseJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
  });

  test("is at least one of any two integers that would be read as the same", () => {
    const near = fc.record({ head: fc.bigInt({ min: 10n ** 13n, max: 10n ** 17n }), apart: fc.bigInt({ min: 1n, max: 9n }) });
    fc.assert(
      fc.property(near, fc.integer({ min: 0, max: 9 }), ({ head, apart }, zeros) => {
        const [one, other] = [head, head + apart].map((digits) => `${digits}${"0".repeat(zeros)}`) as [string, string];
        if (Number(one) === Number(other)) expect([unsafeNumber(one), unsafeNumber(other)]).not.toEqual([null, null]);
        if (String(Number(one)) === one) expect(unsafeNumber(one)).toBeNull();
      }),
      { numRuns: 1000 },
    );
  });
});
