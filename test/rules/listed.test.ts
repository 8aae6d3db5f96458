import { expect, test } from "vitest";
import { listedIn } from "../../src/rules/listed.ts";
import type { Json, JsonSchema } from "../../src/types.ts";

test.each<[string, JsonSchema, Json[]]>([
  ["an enum", { enum: ["a", "b"] }, ["a", "b"]],
  ["an enum that may be null", { type: ["string", "null"], enum: ["a", "b", null] }, ["a", "b"]],
  ["an enum or null", { anyOf: [{ type: "string", enum: ["a", "b"] }, { type: "null" }] }, ["a", "b"]],
  ["constants with titles", { oneOf: ["a", "b"].map((value) => ({ const: value, title: value.toUpperCase() })) }, ["a", "b"]],
  ["an enum in a part", { allOf: [{ enum: ["a", "b"] }], description: "x" }, ["a", "b"]],
  ["branches that share a value", { anyOf: [{ enum: ["a", "b"] }, { enum: ["b", 1] }] }, ["a", "b", 1]],
  ["a yes or no", { type: "boolean" }, [true, false]],
  ["a yes or no or null", { anyOf: [{ type: "boolean" }, { type: "null" }] }, [true, false]],
  ["a yes or no by its types", { type: ["boolean", "null"] }, [true, false]],
  ["a yes that leaves no choice", { type: "boolean", const: true }, [true]],
  ["a free text", { type: "string" }, []],
  ["a list of choices", { type: "array", items: { enum: ["a", "b"] } }, []],
])("the values that a place lists: %s", (_, schema, values) => {
  expect(listedIn(schema)).toEqual(values);
});

test("a place without a schema lists nothing", () => {
  expect([listedIn(undefined), listedIn(true)]).toEqual([[], []]);
});
