import { expect, test } from "vitest";
import { configSchema } from "../../src/config/config.ts";
import { unfitOwnTools } from "../../src/run/unfit-tools.ts";
import type { JsonSchema, ToolSpec } from "../../src/types.ts";
import { findTrain } from "../support/blueprint.ts";
import { stage } from "../support/stage.ts";

const { template } = stage({}).player;
const config = configSchema.parse({ tasks: { tools: "tools.json" } });
const unfit = (...tools: readonly ToolSpec[]) => {
  const train = [{ domain: "user", name: "tools-1", tools }];
  return unfitOwnTools({ config, template, toolsets: { train, heldOut: train } });
};
const long: ToolSpec = { ...findTrain, name: "find_any", description: "Finds a train. ".repeat(2000) };
const fields = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`a_field_of_the_result_${at}`, { type: "string" }]));
const wordy: ToolSpec = { ...findTrain, name: "tell_all", returns: { type: "object", properties: fields } };

test("of the user's own tools those that no task can be about are named, with what to raise", () => {
  expect(unfit(findTrain)).toEqual([]);
  const silent = (schema: JsonSchema): ToolSpec => ({
    ...{ name: "note", description: "" },
    parameters: { type: "object", properties: { about: schema }, required: ["about"] },
  });
  expect(
    unfit(findTrain, silent({ type: "object", properties: {} }), silent({ type: "array", items: { type: "boolean" } })),
  ).toEqual(Array(2).fill("no task will be about this tool: nobody can say what 'about' of note is"));
  expect(unfit(silent({ type: "object" }), silent({ type: "boolean" }))).toEqual([]);
  expect(unfit(findTrain, long, wordy)).toEqual([
    expect.stringMatching(
      /find_any alone takes \d+ tokens of a prompt, and there is room for \d+ \(raise engine\.policyContext\)/,
    ),
    expect.stringMatching(
      /shortest result of tell_all has \d+ characters, and the policy reads 512 \(raise rollout\.toolChars\)/,
    ),
  ]);
});

test("a run none of whose tools can be in a task does not start", () => {
  expect(() => unfit(long, wordy)).toThrow(/^No task could be about any of the tools: find_any alone takes/);
});
