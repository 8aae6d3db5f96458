// Unions as alternatives: whatever is written for an alternative must be valid under the original schema.
import { describe, expect, test } from "vitest";
import { draws } from "../../../src/rng.ts";
import { alternatives } from "../../../src/rules/schema/alternatives.ts";
import { ruleOf } from "../../../src/rules/schema/grammar.ts";
import { plainSchema } from "../../../src/rules/schema/plain.ts";
import { drawn } from "../../../src/rules/schema/rule.ts";
import { matchesSchema } from "../../../src/rules/validate.ts";
import type { JsonSchema } from "../../../src/types.ts";

const text = { type: "string", maxLength: 9 };
const either = { email: text, phone: text, note: text };

const schemas: [string, JsonSchema][] = [
  ["one of two keys", { type: "object", properties: either, oneOf: [{ required: ["email"] }, { required: ["phone"] }] }],
  [
    "branches with keys of their own",
    {
      type: "object",
      oneOf: [
        { properties: { a: text }, required: ["a"] },
        { properties: { b: text }, required: ["b"] },
      ],
    },
  ],
  [
    "closed objects by a tag",
    {
      oneOf: ["x", "y"].map((kind) => ({
        type: "object",
        properties: { kind: { const: kind }, [kind]: text },
        required: ["kind", kind],
        additionalProperties: false,
      })),
    },
  ],
  [
    "parts that hold together",
    {
      allOf: [
        { type: "object", properties: { a: text }, required: ["a"] },
        { properties: { b: { type: "integer", minimum: 3 } }, required: ["b"] },
      ],
    },
  ],
  [
    "tighter bounds of two parts",
    { type: "number", minimum: 7, allOf: [{ minimum: 2 }, { maximum: 9 }, { maximum: 40, type: "integer" }] },
  ],
  [
    "unions beside each other",
    {
      type: "object",
      properties: { a: { type: ["integer", "string"], anyOf: [{ minimum: 5, maximum: 7 }, { maxLength: 2 }] } },
      required: ["a"],
    },
  ],
  ["a union inside a union", { anyOf: [{ oneOf: [{ const: 1 }, { const: 2 }] }, { type: "boolean" }] }],
  ["an enum cut by a part", { enum: ["a", "b", "c"], allOf: [{ enum: ["b", "c", "d"] }] }],
];

describe("what is written for a union", () => {
  test.each(schemas)("is valid: %s", (_, schema) => {
    for (let index = 0; index < 30; index++)
      expect(matchesSchema(schema, JSON.parse(drawn(ruleOf(schema), draws("union", index))))).toEqual([]);
  });

  test("comes from every branch", () => {
    const written = Array.from({ length: 40 }, (_, index) => drawn(ruleOf(schemas[0]?.[1] ?? {}), draws("branch", index)));
    expect(new Set(written.map((one) => Object.keys(JSON.parse(one)).join()))).toEqual(new Set(["email,note", "phone,note"]));
  });

  test("leaves a schema without unions as it is", () => {
    expect(alternatives({ type: "string", maxLength: 3 })).toEqual([{ type: "string", maxLength: 3 }]);
  });

  test("is rejected if nested unions multiply", () => {
    const union = { anyOf: Array.from({ length: 6 }, (_, index) => ({ const: index })) };
    expect(() => alternatives({ allOf: [union, union] })).toThrow(RangeError);
  });
});

describe("a schema in plain form", () => {
  test.each<[string, JsonSchema, JsonSchema]>([
    [
      "a dialect and an id go",
      { $schema: "http://json-schema.org/draft-07/schema#", $id: "x", type: "object" },
      { type: "object" },
    ],
    [
      "draft 4's exclusive bounds are numbers",
      { minimum: 3, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false },
      { exclusiveMinimum: 3, maximum: 9 },
    ],
    [
      "a list of items is a tuple",
      { type: "array", items: [{ type: "string" }] },
      { type: "array", prefixItems: [{ type: "string" }] },
    ],
    ["Google's types are in capitals", { type: "STRING" }, { type: "string" }],
    [
      "a list with some items described one by one, before 2020-12",
      { items: [{ type: "string" }], additionalItems: false },
      { prefixItems: [{ type: "string" }], items: false },
    ],
    [
      "names that need others, and schemas that then apply, before 2019-09",
      { dependencies: { a: ["b"], c: { required: ["d"] } } },
      { dependentRequired: { a: ["b"] }, dependentSchemas: { c: { required: ["d"] } } },
    ],
    [
      "what other readers need says nothing of a value",
      { oneOf: [{ type: "string" }], discriminator: { propertyName: "kind" }, propertyOrdering: ["a"], enumNames: ["A"] },
      { oneOf: [{ type: "string" }] },
    ],
    ["nulls are placeholders", { type: "string", enum: null, items: null }, { type: "string" }],
    [
      "a null that is a value stays",
      { anyOf: [{ type: "string" }, { type: "null" }], default: null },
      { anyOf: [{ type: "string" }, { type: "null" }], default: null },
    ],
    [
      "nullable beside an enum is a branch",
      { enum: ["a"], nullable: true, description: "x" },
      { description: "x", anyOf: [{ enum: ["a"] }, { type: "null" }] },
    ],
    [
      "a reference may lead anywhere",
      { properties: { "a/b": { type: "string" }, c: { $ref: "#/properties/a~1b" } } },
      { properties: { "a/b": { type: "string" }, c: { type: "string" } } },
    ],
    [
      "a reference may lead into a list",
      { anyOf: [{ type: "string" }], properties: { c: { $ref: "#/anyOf/0" } } },
      { anyOf: [{ type: "string" }], properties: { c: { type: "string" } } },
    ],
    [
      "what stands beside a reference holds together with it",
      {
        properties: {
          stay: {
            $ref: "#/$defs/Stay",
            ...{ description: "This one.", properties: { nights: { minimum: 2 }, pets: { type: "boolean" } } },
            required: ["pets"],
          },
        },
        $defs: {
          Stay: {
            ...{ type: "object", description: "A stay.", required: ["hotel"] },
            properties: { hotel: { type: "string" }, nights: { type: "integer", minimum: 1 } },
          },
        },
      },
      {
        properties: {
          stay: {
            ...{ type: "object", description: "This one.", required: ["hotel", "pets"] },
            properties: { hotel: { type: "string" }, nights: { type: "integer", minimum: 2 }, pets: { type: "boolean" } },
          },
        },
      },
    ],
    [
      "a null beside a reference takes nothing from it",
      { properties: { unit: { $ref: "#/$defs/Unit", enum: null } }, $defs: { Unit: { enum: ["m", "ft"], items: null } } },
      { properties: { unit: { enum: ["m", "ft"] } } },
    ],
    [
      "a parameter may be called like a keyword",
      { properties: { $ref: { type: "string" }, id: { type: "string" } } },
      { properties: { $ref: { type: "string" }, id: { type: "string" } } },
    ],
  ])("%s", (_, schema, plain) => {
    expect(plainSchema(schema)).toEqual(plain);
  });
});
