import { expect, test } from "vitest";
import { argumentsSchema } from "../../src/tools/tool-arguments.ts";

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
