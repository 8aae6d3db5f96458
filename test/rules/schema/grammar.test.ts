// llama.cpp's own parser judges the grammars. Values are generated with their schema, within the default bounds that the
// conversion gives to open schemas.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toGrammar } from "../../../src/rules/schema/grammar.ts";
import { matchesSchema } from "../../../src/rules/validate.ts";
import { toolReply } from "../../../src/simulator/prompts/tool.ts";
import type { Json, JsonSchema } from "../../../src/types.ts";
import { findTrain } from "../../support/blueprint.ts";
import { useGrammarParser } from "../../support/grammar-parser.ts";

const parse = useGrammarParser();
const accepts = (schema: JsonSchema, text: string): boolean => parse(toGrammar(schema)).isTextCompatible(text);

type Case = { readonly schema: JsonSchema; readonly value: Json };
const one = (schema: JsonSchema, values: fc.Arbitrary<Json>): fc.Arbitrary<Case> => values.map((value) => ({ schema, value }));
/** JSON.stringify writes control characters as \u, which replies do not need and the grammar does not have. */
const printable = (maxLength: number, minLength = 0) =>
  fc.string({ unit: "binary", minLength, maxLength }).filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text));

const leaf: fc.Arbitrary<Case> = fc.oneof(
  one({ type: "boolean" }, fc.boolean()),
  one({ type: "null" }, fc.constant(null)),
  one({ type: "string" }, printable(20)),
  one(
    { type: "string", minLength: 2, maxLength: 5 },
    printable(5, 2).filter((text) => [...text].length >= 2),
  ),
  one(
    { type: "string", format: "date" },
    fc
      .date({ min: new Date("1900-01-01"), max: new Date("2099-12-31"), noInvalidDate: true })
      .map((at) => at.toISOString().slice(0, 10)),
  ),
  one({ type: "string", format: "time" }, fc.constantFrom("00:00:00Z", "19:05:59Z", "23:59:59Z")),
  one({ type: "string", format: "date-time" }, fc.constantFrom("2024-02-28T00:00:00Z", "1999-12-31T23:59:59Z")),
  one({ type: "integer" }, fc.integer({ min: -999_999, max: 999_999 })),
  fc
    .tuple(fc.integer({ min: -2_000_000, max: 2_000_000 }), fc.nat(5_000_000), fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([minimum, width, at]) => ({
      schema: { type: "integer", minimum, maximum: minimum + width },
      value: Math.floor(minimum + at * width),
    })),
  one(
    { type: "number", minimum: 0, maximum: 150 },
    fc.integer({ min: 0, max: 15_000 }).map((cents) => cents / 100),
  ),
  one(
    { type: "number", maximum: -0.5, minimum: -90 },
    fc.integer({ min: -9_000, max: -50 }).map((cents) => cents / 100),
  ),
  one({ type: ["string", "null"] }, fc.constantFrom<Json>(null, "text")),
  one({ type: "integer", nullable: true, minimum: 0 }, fc.constantFrom<Json>(null, 7)),
  fc
    .uniqueArray(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { minLength: 1, maxLength: 4 })
    .chain((values) => one({ enum: values }, fc.constantFrom<Json>(...values))),
  fc.string().map((value) => ({ schema: { const: value }, value })),
);

const tree: fc.Arbitrary<Case> = fc.letrec<{ any: Case; object: Case; array: Case; choice: Case; referred: Case }>((tie) => ({
  any: fc.oneof({ depthSize: "small", withCrossShrink: true }, leaf, tie("object"), tie("array"), tie("choice"), tie("referred")),
  object: fc
    .dictionary(
      fc.string({ minLength: 1, maxLength: 8 }).filter((name) => name !== "__proto__" && !/^\d+$/.test(name)),
      tie("any"),
      { maxKeys: 4 },
    )
    .map((members) => ({
      schema: {
        type: "object",
        properties: Object.fromEntries(Object.entries(members).map(([name, { schema }]) => [name, schema])),
      },
      value: Object.fromEntries(Object.entries(members).map(([name, { value }]) => [name, value])),
    })),
  array: fc.tuple(tie("any"), fc.nat(3)).map(([{ schema, value }, length]) => ({
    schema: { type: "array", items: schema },
    value: Array.from({ length }, () => value),
  })),
  choice: fc.tuple(tie("any"), leaf, fc.boolean()).map(([{ schema, value }, other, first]) => ({
    schema: { anyOf: first ? [schema, other.schema] : [other.schema, schema] },
    value,
  })),
  referred: leaf.map(({ schema, value }) => ({
    schema: { type: "array", items: schema, minItems: 1, maxItems: 2 },
    value: [value],
  })),
})).any;

describe("the grammar of a schema", () => {
  test("accepts compact JSON of every valid value", () => {
    fc.assert(
      fc.property(tree, ({ schema, value }) => {
        expect(accepts(schema, JSON.stringify(value)), toGrammar(schema)).toBe(true);
      }),
      { seed: 1, numRuns: 250 },
    );
  });

  test("accepts no text with characters removed or added", () => {
    fc.assert(
      fc.property(
        tree.filter(({ value }) => typeof value === "object" && value !== null),
        ({ schema, value }) => {
          const text = JSON.stringify(value);
          expect(accepts(schema, text.slice(0, -1))).toBe(false);
          expect(accepts(schema, `${text} `)).toBe(false);
          expect(accepts(schema, ` ${text}`)).toBe(false);
          expect(accepts(schema, `${text}]`)).toBe(false);
        },
      ),
      { seed: 2, numRuns: 60 },
    );
  });

  const trip: JsonSchema = {
    type: "object",
    properties: {
      city: { type: "string", maxLength: 8 },
      nights: { type: "integer", minimum: 1, maximum: 30 },
      note: { type: "string", "x-omit": true },
    },
    required: ["city"],
  };
  test.each([
    ['{"city":"Rome","nights":3}', true],
    ['{"nights":3,"city":"Rome"}', false],
    ['{"city":"Rome"}', false],
    ['{"city":"Rome","nights":3,"note":"x"}', false],
    ['{"city": "Rome","nights":3}', false],
    ['{"city":"Rome was long","nights":3}', false],
    ['{"city":"Rome","nights":300}', false],
    ['{"city":"Rome","nights":-3}', false],
    ['{"city":"Rome","nights":3.5}', false],
    ['{"city":"a\\"b\\\\c","nights":3}', true],
    ['{"city":"a\\nb","nights":3}', false],
    ['{"city":"a\nb","nights":3}', false],
  ])("of a trip: %s is %s", (text, fits) => {
    expect(accepts(trip, text)).toBe(fits);
  });

  test.each<[string, JsonSchema, string, boolean]>([
    ["six digits unless bounds say otherwise", { type: "integer" }, "1234567", false],
    ["what a machine can hold is no bound", { type: "integer", exclusiveMinimum: 0, maximum: 2 ** 53 - 1 }, "1234567", false],
    ["nor is it in 32 bits", { type: "integer", minimum: -(2 ** 31), maximum: 2 ** 31 - 1 }, "1234567", false],
    ["two decimals", { type: "number" }, "1.234", false],
    ["no runs of zeros", { type: "integer" }, "007", false],
    ["as many digits as the lower bound has", { type: "integer", minimum: 1000 }, "999", false],
    ["at most four items", { type: "array", items: { type: "null" } }, "[null,null,null,null,null]", false],
    ["at least minItems items", { type: "array", items: { type: "null" }, minItems: 2 }, "[null]", false],
    ["no 30th of February", { type: "string", format: "date" }, '"2024-02-30"', false],
    ["no keys for an object that lists none", { type: "object", properties: {} }, "{}", true],
    ["a few short members for an object of unknown keys", { type: "object" }, '{"status":"ok","count":2}', true],
    ["values under a schema for a map", { type: "object", additionalProperties: { type: "integer" } }, '{"a":"b"}', false],
  ])("has %s", (_, schema, text, fits) => {
    expect(accepts(schema, text)).toBe(fits);
  });

  test.each<[JsonSchema, RegExp]>([
    [{ type: "text" }, /the schema has the type "text"/],
    [{ type: "object", properties: { a: { type: "array", items: { type: "text" } } } }, /^'a\[\]' has the type "text"/],
    [{ enum: [] }, /empty list/],
    [{ type: "integer", minimum: 5, maximum: 4 }, /at least 5 and at most 4/],
    [{ type: "string", minLength: -1 }, /not an integer/],
    [{ enum: Array.from({ length: 9000 }, (_, at) => `value ${at}`) }, /characters; at most/],
  ])("rejects %j in one sentence", (schema, message) => {
    expect(() => toGrammar(schema)).toThrow(
      expect.objectContaining({ boundary: "tools", message: expect.stringMatching(message) }),
    );
  });
});

describe("a tool without a schema of its results", () => {
  const { returns: _, ...silent } = findTrain;
  const reply = (result: Json) => JSON.stringify({ reason: "It fits.", reward: 1, result });

  test.each<[string, Json]>([
    [
      "a list of hotels",
      [
        { id: 4_711_002, name: "Grand Hôtel", stars: 4 },
        { id: 4_711_003, name: "Sea View", stars: 3 },
      ],
    ],
    [
      "hotels below a field",
      {
        total: 2,
        hotels: [
          { hotelId: "h1", price: 99.5 },
          { hotelId: "h2", price: 120 },
        ],
      },
    ],
    ["a record in a record", { place: { latitude: 59.91, longitude: 10.75 }, tags: ["port", "capital"], open: true, note: null }],
    ["an error", { error: "no such city" }],
    ["nothing found", []],
    ["nothing at all", null],
    ["a yes", true],
    ["a number", 4_711_002.25],
    ["lists in lists", [[1, 2], [3, 4], [[]]]],
    ["what a command prints", 'total 2\n-rw-r--r-- notes.txt\n-rw-r--r-- "to do".txt'],
    ["six levels", { data: { hotels: [{ id: "h1", rooms: [{ beds: 2, "extra-Beds": 0 }] }] } }],
  ])("may return %s", (_, result) => {
    expect(accepts(toolReply(silent), reply(result))).toBe(true);
    expect(matchesSchema(toolReply(silent), JSON.parse(reply(result)))).toEqual([]);
  });

  test("may return any JSON value of moderate size, and nothing else", () => {
    const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,15}$/).filter((one) => one !== "__proto__");
    const plain = fc.oneof(printable(60), fc.integer({ min: -1e9, max: 1e9 }), fc.boolean(), fc.constant(null));
    const value = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        plain,
        fc.array(tie("value"), { maxLength: 8 }),
        fc.dictionary(name, tie("value"), { maxKeys: 8 }),
      ),
    })).value;
    fc.assert(
      fc.property(value, (result) => {
        expect(accepts(toolReply(silent), reply(result))).toBe(true);
        expect(accepts(toolReply(silent), reply(result).slice(0, -2))).toBe(false);
      }),
      { seed: 3, numRuns: 150 },
    );
    for (const text of ["", "free text", "[1,]", '{"a":}', "{1:2}", "01", "+1", "1.", "NaN", '"a\nb"', "[1 ,2]"])
      expect(accepts({ "x-any": true }, text), text).toBe(false);
  });

  test("follows the schema if it has one", () => {
    expect(accepts(toolReply(findTrain), reply([{ id: 1 }]))).toBe(false);
    expect(accepts(toolReply(findTrain), reply({ train_id: "NT7", departs: "10:10" }))).toBe(true);
  });
});

test("a repetition that has a bound of its own reaches it, within what a text may be long", () => {
  const fits = (pattern: string, text: string) => accepts({ type: "string", pattern }, JSON.stringify(text));
  for (const length of [1, 17, 40]) expect(fits("^[a-z]{1,40}$", "a".repeat(length))).toBe(true);
  expect(fits("^[a-z]{1,40}$", "a".repeat(41))).toBe(false);
  expect(fits("^[a-z]{3}( [a-z]{3}){0,30}$", Array(31).fill("abc").join(" "))).toBe(true);
  expect(fits("^[a-z]{1,4000}$", "a".repeat(120))).toBe(true);
  expect(fits("^[a-z]{1,4000}$", "a".repeat(121))).toBe(false);
});
