import { describe, expect, test } from "vitest";
import { type ConfigInput, configSchema } from "../../src/config/config.ts";
import { presets } from "../../src/config/presets.ts";
import { policyLosses } from "../../src/config/training.ts";
import { policyLoss, publishedSettings } from "../../src/learner/losses.ts";

const of = (learner: ConfigInput["learner"]) => policyLoss(configSchema.parse({ learner }), 1);

describe("the loss of a run", () => {
  test("is GRPO by tokens with PPO's clips, also in the presets", () => {
    for (const input of [presets.laptop, presets.tiny]) {
      expect(policyLoss(configSchema.parse(input), 1)).toMatchObject({
        kind: "grpo",
        clipLow: 0.2,
        clipHigh: 0.2,
        normalize: "tokens",
        importanceMode: "token_truncate",
        importanceCap: 2,
      });
    }
  });

  test.each(policyLosses)("%s uses its paper's settings unless the config sets others", (lossType) => {
    expect(of({ lossType })).toMatchObject({ kind: lossType, ...publishedSettings[lossType] });
    const named = { clipLow: 0.11, clipHigh: 0.33, normalize: "rollout" } as const;
    expect(of({ lossType, ...named })).toMatchObject({ kind: lossType, ...named });
  });

  test("a clip of 0 is a clip, not the default", () => {
    expect(of({ lossType: "dapo", clipLow: 0, clipHigh: 0 })).toMatchObject({ clipLow: 0, clipHigh: 0 });
  });

  test("the constant is the longest answer, and log-probs are computed at the sampling temperature", () => {
    const config = configSchema.parse({ rollout: { responseTokens: 300 } });
    expect(policyLoss(config, 0.7)).toMatchObject({ constant: 300, temperature: 0.7 });
  });
});
