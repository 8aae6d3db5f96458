import { expect, test } from "vitest";
import { callsPrompt } from "../../src/simulator/prompts/task.ts";

test("arguments are shown to the task writer with what is inside objects and lists", () => {
  const parameters = {
    type: "object",
    properties: {
      address: {
        type: "object",
        properties: { street: { type: "string", maxLength: 28 }, number: { type: "integer", minimum: 1, maximum: 9 } },
      },
      extras: { type: "array", items: { type: "string", enum: ["baby cot", "parking"] }, maxItems: 2 },
    },
    required: ["address"],
  };
  const text = callsPrompt([{ name: "move", description: "Move.", parameters }], "a move", false).at(-1)?.content ?? "";
  expect(text).toContain(
    "arguments: address (object with street, number (integer; 1 to 9)), extras (list of baby cot | parking)",
  );
});
