// What the rules allow, tested by drawing texts from them, and with llama.cpp, which must accept the same texts. Numbers are
// compared with counting, patterns with JavaScript's regular expressions.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draws } from "../../../src/rng.ts";
import { ruleOf, toGrammar } from "../../../src/rules/schema/grammar.ts";
import { multiplesRule, numberRule } from "../../../src/rules/schema/numbers.ts";
import { patternOfFormat, patternRule } from "../../../src/rules/schema/patterns.ts";
import { drawn, gbnf, type Rule, shortest } from "../../../src/rules/schema/rule.ts";
import { matchesSchema } from "../../../src/rules/validate.ts";
import type { Json, JsonSchema } from "../../../src/types.ts";
import { useGrammarParser } from "../../support/grammar-parser.ts";

const parse = useGrammarParser();
const grammarOf = (rule: Rule) => parse(gbnf(rule));
const texts = (rule: Rule, count: number) => Array.from({ length: count }, (_, index) => drawn(rule, draws("rules", index)));

describe("numbers between bounds", () => {
  const bounds = fc.tuple(fc.integer({ min: -1200, max: 1200 }), fc.nat(1500)).map(([low, width]) => [low, low + width] as const);

  test("are exactly the integers between them", () => {
    fc.assert(
      fc.property(bounds, ([low, high]) => {
        const grammar = grammarOf(numberRule(low, high, 0) ?? "");
        for (const near of [low - 1, low, low + 1, high - 1, high, high + 1, 0, -low, high * 10, Math.trunc((low + high) / 2)])
          expect([near, grammar.isTextCompatible(String(near))]).toEqual([near, near >= low && near <= high]);
      }),
      { seed: 3, numRuns: 150 },
    );
  });

  test("have at most the given decimals and stay within fractional bounds", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -9999, max: 9999 }),
        fc.nat(9999),
        fc.integer({ min: -12_000, max: 12_000 }),
        (at, width, cents) => {
          const [low, high, value] = [at / 100, (at + width) / 100, cents / 100];
          const grammar = grammarOf(numberRule(low, high, 2) ?? "");
          expect([value, grammar.isTextCompatible(String(value))]).toEqual([value, value >= low && value <= high]);
          expect(grammar.isTextCompatible(`${low}0001`.replace(/^(-?\d+)0001/, "$1.0001"))).toBe(false);
        },
      ),
      { seed: 4, numRuns: 150 },
    );
  });

  test.each([
    [0.01, 0, 5, ["0.05", "4.99", "5", "0.1"], ["5.01", "0.005"]],
    [0.25, 0, 2, ["0", "0.25", "1.5", "2"], ["0.3", "2.25"]],
    [5, 1, 30, ["5", "30"], ["0", "1", "12", "35"]],
    [0.05, -0.1, 0.1, ["-0.1", "0.05"], ["0.01"]],
  ])("that are multiples of %d are those and no others", (step, low, high, right, wrong) => {
    const grammar = grammarOf(multiplesRule(step, low, high) ?? "");
    for (const text of right) expect([text, grammar.isTextCompatible(text)]).toEqual([text, true]);
    for (const text of wrong) expect([text, grammar.isTextCompatible(text)]).toEqual([text, false]);
  });

  test("may not exist", () => {
    expect(numberRule(5, 4, 0)).toBeNull();
    expect(numberRule(0.2, 0.8, 0)).toBeNull();
    expect(multiplesRule(10, 1, 9)).toBeNull();
  });
});

describe("texts under a pattern", () => {
  const patterns = [
    "^[A-Z]{2}-\\d{4,6}$",
    "^(GB|DE)\\d+$",
    "^[^@\\s]+@[^@]+\\.[a-z]{2,3}$",
    "^\\+?[0-9 ()-]{7,15}$",
    "^#?([a-f0-9]{6}|[a-f0-9]{3})$",
    "^(?:[01]\\d|2[0-3]):[0-5]\\d$",
    "^\\w+(?: \\w+)*$",
    "^[\\p{L}' -]{1,30}$",
    '^"[^"]*"$',
    "colou?r",
    "^a{3}b*c?$",
    ...["^https?://", "^/", "^[A-Z]", "^US\\$", "\\S", "[^/]$", "\\.(png|jpg)$", "@", "^a$|^b", "(^|,)[Ff]oo", "^/api(/|$)"],
    ...["^(?!\\d)[a-z]{2}", "^(GB|DE)\\d+", "\\d{4}-\\d\\d", "error|warning"],
  ];
  test.each(patterns)("match it: %s", (pattern) => {
    const rule = patternRule(pattern, { least: 0, most: 40 });
    const grammar = grammarOf({ all: ['"', rule, '"'] });
    for (const text of texts(rule, 40)) {
      expect(JSON.parse(`"${text}"`)).toMatch(new RegExp(pattern, "u"));
      expect(grammar.isTextCompatible(`"${text}"`)).toBe(true);
    }
  });

  test.each([
    ["^https?://", "begins with it", /^https?:\/\/.+/],
    ["^US\\$", "begins with a sign that is no anchor", /^US\$.+/],
    ["\\.(png|jpg)$", "ends with it", /.\.(png|jpg)$/],
    ["[^/]$", "ends with one of its characters", /.[^/]$/],
    ["@", "contains it", /.@./],
    ["\\S", "contains one of its characters", /\S.+/],
    ["^a$|^b", "begins with one alternative of it", /^b.+/],
  ])("have text around what the pattern leaves open: %s %s", (pattern, _, whole) => {
    const written = texts(patternRule(pattern, { least: 0, most: 40 }), 60);
    expect(written.filter((text) => whole.test(JSON.parse(`"${text}"`))).length).toBeGreaterThan(15);
  });

  test.each([
    ["^https?://", (length: number) => "https://".padEnd(length, "x")],
    ["\\.csv$", (length: number) => ".csv".padStart(length, "x")],
    ["@", (length: number) => "xxxx@".padEnd(length, "x")],
  ])("have with the text around them at most the characters that the schema allows: %s", (pattern, text) => {
    const grammar = grammarOf(ruleOf({ type: "string", pattern, maxLength: 12 }));
    expect([9, 11, 13].map((length) => grammar.isTextCompatible(`"${text(length)}"`))).toEqual([true, true, false]);
  });

  test("are the whole value where a pattern that varies has no anchor at all", () => {
    for (const text of texts(patternRule("[A-Z]{3}-\\d{4}", { least: 0, most: 40 }), 30))
      expect(text).toMatch(/^[A-Z]{3}-\d{4}$/);
  });

  test.each(["low|medium|high", "(low|medium|high)"])("are the whole value where a pattern chooses from words: %s", (pattern) => {
    for (const text of texts(patternRule(pattern, { least: 0, most: 40 }), 30)) expect(text).toMatch(/^(low|medium|high)$/);
  });

  test("have the required length if the pattern has an open end", () => {
    for (const text of texts(patternRule("^[A-Z]", { least: 8, most: 20 }), 10))
      expect(JSON.parse(`"${text}"`).length).toBeGreaterThanOrEqual(8);
  });

  test.each(["(a)\\1", "["])("are rejected if no rule can express them: %s", (pattern) => {
    expect(() => patternRule(pattern, { least: 0, most: 10 })).toThrow();
  });

  test.each("date time date-time duration email hostname ipv4 ipv6 uri url uuid byte json-pointer".split(" "))(
    "of the format %s are valid",
    (format) => {
      expect(patternOfFormat(format)).not.toBeNull();
      const schema: JsonSchema = { type: "string", format };
      for (const text of texts(ruleOf(schema), 30)) expect(matchesSchema(schema, JSON.parse(text))).toEqual([]);
    },
  );
});

describe("texts of a format with a pattern beside it", () => {
  test.each([
    ["uuid", "^[0-9a-fA-F-]{36}$"],
    ["date-time", "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z$"],
    ["date", "^\\d{4}-\\d{2}-\\d{2}$"],
    ["email", "^\\S+@\\S+\\.\\S+$"],
    ["uri", "^https?://"],
    ["hostname", ""],
  ])("are of the format where it says more: %s, %s", (format, pattern) => {
    const schema: JsonSchema = { type: "string", format, pattern };
    for (const text of texts(ruleOf(schema), 30)) expect(matchesSchema(schema, JSON.parse(text))).toEqual([]);
  });

  test.each([
    ["uri", "^https://example\\.com/[a-z]{1,9}$"],
    ["code", "^[A-Z]{3}$"],
  ])("are of the pattern where that says more, or the format is unknown: %s, %s", (format, pattern) => {
    for (const text of texts(ruleOf({ type: "string", format, pattern }), 30))
      expect(JSON.parse(text)).toMatch(new RegExp(pattern));
  });
});

describe("a map of keys under a pattern", () => {
  const texted = { type: "array", items: { type: "string" }, minItems: 1 };
  test.each<[string, JsonSchema, RegExp]>([
    ["any key", { patternProperties: { "^(.*)$": texted } }, /^[a-z]/],
    ["no other key", { patternProperties: { "^[A-Z_]+$": { enum: ["on", "off"] } }, additionalProperties: false }, /^[A-Z_]+$/],
    ["keys that begin so", { patternProperties: { "^x-": { type: "integer" } }, additionalProperties: false }, /^x-/],
    ["names beside it", { patternProperties: { "^[a-z]+$": true }, propertyNames: { maxLength: 20 } }, /^[a-z]+$/],
  ])("has such keys and values under their schema: %s", (_, more, key) => {
    const schema: JsonSchema = { type: "object", minProperties: 1, ...more };
    const written = texts(ruleOf(schema), 30).map((text): Json => JSON.parse(text));
    expect(written.some((value) => matchesSchema(schema, value).length === 0)).toBe(true);
    for (const name of written.flatMap((value) => Object.keys(value ?? {}))) expect(name).toMatch(key);
  });

  test("has values of the schema that its pattern names", () => {
    const written = texts(ruleOf({ type: "object", minProperties: 1, patternProperties: { "^(.*)$": texted } }), 20);
    for (const text of written) for (const value of Object.values(JSON.parse(text))) expect(value).toBeInstanceOf(Array);
  });

  test("is empty where the pattern's values are ruled out", () => {
    expect(texts(ruleOf({ type: "object", patternProperties: { "^x": false } }), 1)).toEqual(["{}"]);
  });
});

describe("nested lists and maps", () => {
  const text: JsonSchema = { type: "string" };
  const list = (items: JsonSchema, more: object = {}): JsonSchema => ({ type: "array", items, ...more });
  const schemas: JsonSchema[] = [
    list(list(list(text))),
    list(list(list(text, { maxItems: 50 }), { maxItems: 50 }), { maxItems: 50 }),
    {
      type: "object",
      additionalProperties: list({ type: "object", properties: { a: text, b: list(text), c: { type: "number" } } }),
    },
    list({ type: "string", maxLength: 900 }, { minItems: 6, maxItems: 30 }),
    list({ type: "number", minimum: -1e9, maximum: 1e9 }, { maxItems: 32 }),
  ];
  test.each(schemas)("share one budget that llama.cpp accepts, and stay valid: %j", (schema) => {
    expect(() => grammarOf(ruleOf(schema))).not.toThrow();
    for (const value of texts(ruleOf(schema), 10)) expect(matchesSchema(schema, JSON.parse(value))).toEqual([]);
  });

  test("are rejected if they require more than the budget", () => {
    expect(() => toGrammar(list(list(text, { minItems: 9 }), { minItems: 9 }))).toThrow("'[]' asks for at least 9 items");
    expect(() => toGrammar(list({ type: "string", minLength: 300 }, { minItems: 4 }))).toThrow(
      "'[]' asks for at least 300 characters",
    );
  });

  test("the shortest text of a rule has the length of its shortest parts", () => {
    expect(shortest(ruleOf(list(text, { minItems: 3 })))).toBe('["","",""]'.length);
    expect(shortest(ruleOf({ enum: ["long", "s"] }))).toBe(3);
  });
});
