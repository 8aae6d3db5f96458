import { expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import { ruleOf } from "../../src/rules/schema/grammar.ts";
import { drawn } from "../../src/rules/schema/rule.ts";
import { argumentsSchema } from "../../src/tools/tool-arguments.ts";
import type { Json, JsonSchema } from "../../src/types.ts";

test("an optional choice that a task says differs from its default; a required one and a number are free", () => {
  const properties = {
    city: { enum: ["Oslo", "Bergen"], default: "Oslo" },
    unit: { enum: ["celsius", "kelvin"], default: "celsius" },
    wind: { type: "boolean", default: false },
    days: { type: "integer", minimum: 1, maximum: 9, default: 3 },
  };
  const tool = { name: "f", description: "", parameters: { type: "object", properties, required: ["city"] } };
  expect(argumentsSchema(tool, ["city", "unit", "wind", "days"]).properties).toEqual({
    ...properties,
    unit: { ...properties.unit, enum: ["kelvin"] },
    wind: { ...properties.wind, enum: [true] },
  });
});

const units = { type: "string", enum: ["celsius", "kelvin", "rankine"] };
const named = ["celsius", "kelvin", "rankine"].map((value) => ({ const: value, title: value.toUpperCase() }));
test.each<[string, JsonSchema, Json[]]>([
  ["an enum or null", { anyOf: [units, { type: "null" }], default: "celsius" }, ["kelvin", "rankine"]],
  ["constants", { anyOf: named, default: "celsius" }, ["kelvin", "rankine"]],
  ["constants with titles", { oneOf: named, default: "kelvin" }, ["celsius", "rankine"]],
  ["an enum in a part", { allOf: [units], default: "celsius" }, ["kelvin", "rankine"]],
  ["an enum that may be null", { type: ["string", "null"], enum: ["celsius", "kelvin", null], default: "celsius" }, ["kelvin"]],
  ["none unless it is said", { anyOf: [units, { type: "null" }], default: null }, ["celsius", "kelvin", "rankine"]],
  ["a yes or no or null", { anyOf: [{ type: "boolean" }, { type: "null" }], default: false }, [true]],
  ["a yes or no by its types", { type: ["boolean", "null"], default: true }, [false]],
  ["a yes or no that may be null", { type: "boolean", nullable: true, default: true }, [false]],
  ["a choice or a number", { anyOf: [{ const: "auto" }, { type: "integer", minimum: 1, maximum: 2 }], default: "auto" }, [1, 2]],
  ["no choice at all", { anyOf: [{ const: "auto" }], default: "auto" }, ["auto"]],
])("an optional choice differs from its default in every spelling: %s", (_, schema, values) => {
  const tool = { name: "f", description: "", parameters: { type: "object", properties: { choice: schema } } };
  const rule = ruleOf(argumentsSchema(tool, ["choice"]));
  const written = Array.from({ length: 40 }, (_, at) => JSON.parse(drawn(rule, draws("choice", at))).choice);
  expect(new Set(written)).toEqual(new Set(values));
});
