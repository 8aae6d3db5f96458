import { describe, expect, test } from "vitest";
import { type ConfigInput, configSchema } from "../../src/config/config.ts";
import { presets } from "../../src/config/presets.ts";
import type { PolicyLossName } from "../../src/config/training.ts";
import { policyLoss } from "../../src/learner/losses.ts";

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

  test.each<[PolicyLossName, number, number, string, string]>([
    ["grpo", 0.2, 0.2, "tokens", "arXiv 2402.03300"],
    ["dr_grpo", 0.2, 0.2, "constant", "arXiv 2503.20783"],
    ["dapo", 0.2, 0.28, "tokens", "arXiv 2503.14476"],
    ["gspo", 0.0003, 0.0004, "sequence", "arXiv 2507.18071"],
    ["cispo", 1, 4, "tokens", "arXiv 2506.13585"],
    ["dual_clip", 0.2, 0.2, "tokens", "arXiv 1912.09729"],
  ])("%s clips %d below and %d above by %s unless the config sets others (%s)", (lossType, clipLow, clipHigh, normalize) => {
    expect(of({ lossType })).toMatchObject({ kind: lossType, clipLow, clipHigh, normalize });
    const named = { clipLow: 0.11, clipHigh: 0.33, normalize: "rollout" } as const;
    expect(of({ lossType, ...named })).toMatchObject({ kind: lossType, ...named });
  });

  test("has the config's other settings as they are, null among them", () => {
    const own = { dualClip: 7, klCoef: 0.25, importanceMode: "sequence_mask", importanceCap: null } as const;
    expect(of({ lossType: "dual_clip", ...own })).toMatchObject(own);
  });

  test("a clip of 0 is a clip, not the default", () => {
    expect(of({ lossType: "dapo", clipLow: 0, clipHigh: 0 })).toMatchObject({ clipLow: 0, clipHigh: 0 });
  });

  test("the constant is the longest answer, and log-probs are computed at the sampling temperature", () => {
    const config = configSchema.parse({ rollout: { responseTokens: 300 } });
    expect(policyLoss(config, 0.7)).toMatchObject({ constant: 300, temperature: 0.7 });
  });
});
