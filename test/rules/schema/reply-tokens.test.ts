// Room for replies under a schema: the longest reply that the grammar allows, character by character.
import { expect, test } from "vitest";
import { ruleOf } from "../../../src/rules/schema/grammar.ts";
import { replyTokens } from "../../../src/rules/schema/reply-tokens.ts";
import { longest } from "../../../src/rules/schema/rule.ts";
import type { JsonSchema } from "../../../src/types.ts";

const record = (properties: JsonSchema): JsonSchema => ({ type: "object", properties, required: Object.keys(properties) });
const text = { type: "string", maxLength: 30 };

test.each<[string, JsonSchema, string]>([
  ["a text", text, `"${"x".repeat(30)}"`],
  ["one of some words", { enum: ["far", "near", "farther"] }, '"farther"'],
  ["a whole number", { type: "integer", minimum: 0, maximum: 250 }, "250"],
  [
    "a record, optional fields too",
    { ...record({ a: text, b: { type: "boolean" } }), required: [] },
    `{"a":"${"x".repeat(30)}","b":false}`,
  ],
  ["a list", { type: "array", items: { const: "red" }, minItems: 1, maxItems: 3 }, '["red","red","red"]'],
  ["the longer branch", { anyOf: [record({ error: text }), record({ id: { const: 1 } })] }, `{"error":"${"x".repeat(30)}"}`],
])("the longest reply of a schema is known: %s", (_, schema, reply) => {
  // each character of a text may be escaped
  const escaped = reply.replace(/x/g, "xx");
  expect(longest(ruleOf(schema))).toBe(escaped.length);
});

test("a result of many fields has room for all of them, and a small one the usual room", () => {
  const rich = record(Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`field_number_${at}`, text])));
  expect(replyTokens(rich, 160)).toBeGreaterThan(600);
  expect(replyTokens(record({ status: text }), 160)).toBe(160);
  expect(replyTokens({ "x-any": true }, 160)).toBe(1200); // however long: no reply gets more
});
