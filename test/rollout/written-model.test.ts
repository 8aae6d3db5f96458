// A written world by a real model, one that is far too small for it: whatever it writes, the episode ends with a verdict or
// with a failure of the simulator, and nothing is thrown.
import { afterAll, beforeAll, expect, test } from "vitest";
import { openEngine } from "../../src/llm/engine/llama.ts";
import type { Engine } from "../../src/llm/llm.ts";
import { smallModel } from "../llm/engine/small-model.ts";
import { blueprint, found, limits, says } from "../support/blueprint.ts";
import { episodeOf, stage, verdictOn } from "../support/stage.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({
    policyModel: smallModel,
    simulatorModel: null,
    gpu: "off",
    threads: 2,
    mode: "fast",
    policySequences: 1,
    policyContext: 256,
    simulatorSequences: 1,
    simulatorContext: 1536,
  });
});
afterAll(() => engine[Symbol.asyncDispose]());

test("an episode whose user, tools and verdict SmolLM2 writes ends in order", async () => {
  const played = stage(
    { turns: [says(found), "Your train is NT418."] },
    { model: engine.simulator, user: "written", tools: "written", tries: 1, deadlineMs: 20_000 },
  );
  const task = blueprint({ limits: limits({ userReplies: 1 }) });
  const trajectory = await verdictOn(played, await episodeOf(played, task, ["real"]), "written", 2);
  if (trajectory.status === "aborted") {
    expect(trajectory).toMatchObject({
      stopReason: "simulator_failed",
      verdict: null,
      failure: { code: expect.stringMatching(/^(invalid_reply|deadline)$/) },
    });
  } else {
    expect([-1, 0, 1]).toContain(trajectory.verdict?.reward);
    expect(trajectory.verdict?.reason.length).toBeGreaterThan(2);
  }
  expect(trajectory.messages[3]?.role ?? "aborted").toMatch(/^(tool|aborted)$/);
});
