import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { argumentErrors, matchesSchema, schemaFault } from "../../src/rules/validate.ts";
import type { JsonObject, JsonSchema, ToolSpec } from "../../src/types.ts";

const tool: ToolSpec = {
  name: "book",
  description: "",
  parameters: {
    type: "object",
    properties: {
      city: { type: "string", minLength: 2, maxLength: 10 },
      guests: { type: "integer", minimum: 1, maximum: 6 },
      unit: { type: "string", enum: ["celsius", "fahrenheit"] },
      day: { type: "string", format: "date" },
      window: { type: "boolean" },
      extras: { type: "array", items: { type: "string" }, minItems: 1, maxItems: 2 },
      rooms: { type: "array", items: { type: "object", properties: { beds: { type: "number" } }, required: ["beds"] } },
      kind: { const: 3 },
      either: { type: ["string", "null"] },
    },
    required: ["city"],
  },
};
const errors = (args: JsonObject) => argumentErrors(tool, args);

describe("argumentErrors", () => {
  it("accepts what the schema accepts", () => {
    expect(errors({ city: "Oslo" })).toEqual([]);
    const full = {
      city: "Oslo",
      guests: 6,
      unit: "celsius",
      day: "2028-02-29",
      window: false,
      extras: ["tea"],
      kind: 3,
      either: null,
    };
    expect(errors({ ...full, rooms: [{ beds: 1.5 }] })).toEqual([]);
  });

  it.each<[JsonObject, string]>([
    [{}, "missing argument 'city'"],
    [{ city: "Oslo", guests: "2" }, "argument 'guests' must be an integer"],
    [{ city: "Oslo", guests: 2.5 }, "argument 'guests' must be an integer"],
    [{ city: "Oslo", guests: 0 }, "argument 'guests' must be at least 1"],
    [{ city: "Oslo", guests: 7 }, "argument 'guests' must be at most 6"],
    [{ city: 7 }, "argument 'city' must be a string"],
    [{ city: "O" }, "argument 'city' must have at least 2 characters"],
    [{ city: "Oslo, Norway" }, "argument 'city' must have at most 10 characters"],
    [{ city: "Oslo", unit: "kelvin" }, "argument 'unit' must be one of celsius, fahrenheit"],
    [{ city: "Oslo", day: "tomorrow" }, "argument 'day' must be a date written YYYY-MM-DD"],
    [{ city: "Oslo", day: "2027-02-29" }, "argument 'day' must be a date written YYYY-MM-DD"],
    [{ city: "Oslo", window: "yes" }, "argument 'window' must be true or false"],
    [{ city: "Oslo", extras: "tea" }, "argument 'extras' must be a list"],
    [{ city: "Oslo", extras: [] }, "argument 'extras' must have at least 1 items"],
    [{ city: "Oslo", extras: ["tea", "bed", "sea"] }, "argument 'extras' must have at most 2 items"],
    [{ city: "Oslo", extras: ["tea", 4] }, "argument 'extras[1]' must be a string"],
    [{ city: "Oslo", rooms: [{ beds: 1 }, {}] }, "missing argument 'rooms[1].beds'"],
    [{ city: "Oslo", kind: 4 }, "argument 'kind' must be 3"],
    [{ city: "Oslo", either: 4 }, "argument 'either' must be a string or null"],
  ])("says of %j: %s", (args, message) => {
    expect(errors(args)).toEqual([message]);
  });

  it("reports an unknown argument even if the schema allows other keys", () => {
    expect(errors({ city: "Oslo", town: "Oslo" })).toEqual(["unknown argument 'town'"]);
    expect(errors({ city: "Oslo", toString: "x", __proto__x: 1 })).toEqual([
      "unknown argument 'toString'",
      "unknown argument '__proto__x'",
    ]);
  });

  it("reads only own keys: inherited members are neither given nor wrong", () => {
    const named = (name: string, required: readonly string[]): ToolSpec => ({
      name: "standings",
      description: "",
      parameters: JSON.parse(
        `{"type": "object", "properties": {"year": {"type": "integer"}, "${name}": {"type": "string"}}, "required": ${JSON.stringify(required)}}`,
      ),
    });
    for (const name of ["constructor", "toString", "valueOf", "hasOwnProperty", "__proto__"]) {
      expect([name, argumentErrors(named(name, ["year"]), { year: 2026 })]).toEqual([name, []]);
      expect(argumentErrors(named(name, [name]), { year: 2026 })).toEqual([`missing argument '${name}'`]);
      const given = JSON.parse(`{"year": 2026, "${name}": "Ferrari"}`) as JsonObject;
      expect([name, argumentErrors(named(name, ["year", name]), given)]).toEqual([name, []]);
    }
    expect(errors(JSON.parse('{"city": "Oslo", "__proto__": {}}'))).toEqual(["unknown argument '__proto__'"]);
  });

  it("knows the arguments of every branch of a schema", () => {
    const way = (name: string): JsonSchema => ({ properties: { [name]: { type: "string" } }, required: [name] });
    const either = { ...tool, parameters: { type: "object", oneOf: [way("email"), way("phone")] } };
    expect(argumentErrors(either, { email: "anna" })).toEqual([]);
    expect(argumentErrors(either, { email: "anna", fax: "1" })).toEqual(["unknown argument 'fax'"]);
  });

  it("names an unknown argument once if the schema also forbids it", () => {
    const closed = { ...tool, parameters: { ...tool.parameters, additionalProperties: false } };
    expect(argumentErrors(closed, { city: "Oslo", town: "x" })).toEqual(["unknown argument 'town'"]);
  });

  it("lists every fault of a call, not only the first", () => {
    expect(errors({ town: "Oslo", guests: "two", unit: "k" })).toEqual([
      "unknown argument 'town'",
      "missing argument 'city'",
      "argument 'guests' must be an integer",
      "argument 'unit' must be one of celsius, fahrenheit",
    ]);
  });

  it("reports any argument as unknown if a tool has none", () => {
    const bare = { name: "ping", description: "", parameters: { type: "object" } };
    expect(argumentErrors(bare, {})).toEqual([]);
    expect(argumentErrors(bare, { now: true })).toEqual(["unknown argument 'now'"]);
  });

  it("changes nothing in what it checks", () => {
    const args = Object.freeze({ city: "Oslo", guests: "2" });
    errors(args);
    expect(args).toEqual({ city: "Oslo", guests: "2" });
  });
});

describe("matchesSchema", () => {
  const schema: JsonSchema = {
    type: "object",
    properties: { price: { type: "number" } },
    required: ["price"],
    additionalProperties: false,
  };

  it("names properties, and the value itself at the top level", () => {
    expect(matchesSchema(schema, { price: 3.5 })).toEqual([]);
    expect(matchesSchema(schema, { cost: 3.5 })).toEqual(["missing property 'price'", "unknown property 'cost'"]);
    expect(matchesSchema(schema, "3.5")).toEqual(["the value must be an object"]);
  });

  it("distinguishes schemas with the same $id", () => {
    expect(matchesSchema({ $id: "same", type: "string" }, 3)).toEqual(["the value must be a string"]);
    expect(matchesSchema({ $id: "same", type: "integer" }, 3)).toEqual([]);
  });

  it("is still right after more schemas than it caches", () => {
    for (let limit = 0; limit < 1200; limit++) {
      expect(matchesSchema({ type: "integer", maximum: limit }, limit)).toEqual([]);
    }
    expect(matchesSchema({ type: "integer", maximum: 0 }, 1)).toEqual(["the value must be at most 0"]);
  });
});

describe("multipleOf", () => {
  const isMultiple = (value: number, step: number) => matchesSchema({ type: "number", multipleOf: step }, value).length === 0;
  /** Computed with integers, in units of the smallest decimal of the two numbers. */
  const isMultipleByDigits = (value: number, step: number) => {
    const places = Math.max(...[value, step].map((number) => (String(number).split(".")[1] ?? "").length));
    const whole = (number: number) => BigInt(number.toFixed(places).replace(".", ""));
    return whole(value) % whole(step) === 0n;
  };

  it.each([19.99, 143.48, 8.69, 0.07, 1_234_567.89, -0.29, 0, 0.1 + 0.2, 0.1 + 0.7, 4.35 * 100, 123_456_789_012.34])(
    "accepts %d as whole cents",
    (amount) => expect(isMultiple(amount, 0.01)).toBe(true),
  );

  it.each([0.005, 8.695, 1e9 + 0.005, 1e12 + 0.005, 0.011, 1e-9])("does not accept %d as whole cents", (amount) =>
    expect(isMultiple(amount, 0.01)).toBe(false),
  );

  it("agrees with integer arithmetic on every amount of up to four decimals", () => {
    const amount = fc
      .tuple(fc.integer({ min: -1e10, max: 1e10 }), fc.nat(4))
      .map(([n, places]) => Number((n / 10 ** places).toFixed(places)));
    fc.assert(
      fc.property(amount, fc.constantFrom(0.01, 0.05, 0.1, 0.25, 0.001, 3, 7), (value, step) => {
        expect([value, step, isMultiple(value, step)]).toEqual([value, step, isMultipleByDigits(value, step)]);
      }),
    );
  });

  it("says what the number must be", () => {
    expect(matchesSchema({ properties: { amount: { multipleOf: 0.25 } } }, { amount: 0.3 })).toEqual([
      "property 'amount' must be multiple of 0.25",
    ]);
  });
});

describe("schemaFault", () => {
  it("is null for a schema that compiles and otherwise says what is wrong", () => {
    expect(schemaFault(tool.parameters)).toBeNull();
    expect(schemaFault({ type: "objekt" })).toContain("type");
    expect(schemaFault({ type: "object", properties: { a: { $ref: "#/$defs/gone" } } })).toContain("#/$defs/gone");
  });
});
