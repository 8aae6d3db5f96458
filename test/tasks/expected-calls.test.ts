import { describe, expect, test } from "vitest";
import { draws } from "../../src/rng.ts";
import type { Plan } from "../../src/tasks/draw-task.ts";
import { expectedCalls } from "../../src/tasks/expected-calls.ts";
import type { Json, JsonObject, JsonSchema, ToolSpec } from "../../src/types.ts";

const returns: JsonSchema = { type: "object", properties: { status: { type: "string" } }, required: ["status"] };

function written(properties: JsonObject, required: readonly string[], args: JsonObject) {
  const tool: ToolSpec = { name: "order", description: "", parameters: { type: "object", properties, required }, returns };
  const plan: Plan = {
    toolset: { domain: "", name: "", tools: [tool] },
    needed: [tool],
    offered: [tool],
    used: [Object.keys(properties)],
    dependent: null,
    heldBack: [],
  };
  return expectedCalls({ arguments_1: args, result_1: { status: "done" } }, plan, false, draws("expected"));
}

describe("the right calls of a task", () => {
  test("take no argument from what every object inherits", () => {
    const properties = { year: { type: "integer" }, constructor: { type: "string" }, toString: { type: "string" } };
    expect(written(properties, ["year"], { year: 2026 })).toEqual({
      value: [{ name: "order", arguments: { year: 2026 }, result: { status: "done" } }],
    });
    const given = { year: 2026, constructor: "Ferrari" };
    expect(written(properties, ["year"], given)).toMatchObject({ value: [{ arguments: given }] });
  });

  test.each<[string, JsonSchema, Json, boolean]>([
    ["a listed letter", { enum: ["S", "M"] }, "M", true],
    ["a listed sign", { enum: ["<", ">="] }, ">=", true],
    ["a listed text in a list", { type: "array", items: { enum: ["O+", "O-"] } }, ["O-", "O+"], true],
    ["a listed text in an object", { type: "object", properties: { unit: { const: "C" } } }, { unit: "C" }, true],
    ["a letter that no enum lists", { type: "string" }, "M", false],
    ["a text that breaks off", { type: "array", items: { type: "string" } }, ["Oslo", "Bergen ("], false],
  ])("may hold %s: %j", (_what, schema, value, taken) => {
    const result = written({ it: schema }, ["it"], { it: value });
    expect(result).toEqual(
      taken ? expect.objectContaining({ value: expect.anything() }) : { reason: "an argument is empty or cut" },
    );
  });
});
