// The policy losses by name, with each paper's settings, which apply if the config has null. The equations, one function
// each, are in native/trainer/loss.py. Departs from published GRPO in its normalisation: by tokens, as in TRL and verl
// since DAPO; `normalize: sequence` is the paper's.
import type { Config } from "../config/config.ts";
import type { Normalization, PolicyLossName } from "../config/training.ts";
import type { PolicyLoss } from "./learner.ts";

interface PublishedSettings {
  readonly clipLow: number;
  readonly clipHigh: number;
  readonly normalize: Normalization;
}

const publishedSettings: Readonly<Record<PolicyLossName, PublishedSettings>> = {
  grpo: { clipLow: 0.2, clipHigh: 0.2, normalize: "tokens" }, // arXiv 2402.03300
  dr_grpo: { clipLow: 0.2, clipHigh: 0.2, normalize: "constant" }, // arXiv 2503.20783
  dapo: { clipLow: 0.2, clipHigh: 0.28, normalize: "tokens" }, // arXiv 2503.14476
  gspo: { clipLow: 3e-4, clipHigh: 4e-4, normalize: "sequence" }, // arXiv 2507.18071
  cispo: { clipLow: 1, clipHigh: 4, normalize: "tokens" }, // arXiv 2506.13585: no lower bound; weights up to 5 as in 2510.13786
  dual_clip: { clipLow: 0.2, clipHigh: 0.2, normalize: "tokens" }, // arXiv 1912.09729
};

/** The loss of a run at the temperature of its samples. A null in the config takes the loss's published setting. */
export function policyLoss({ learner, rollout }: Pick<Config, "learner" | "rollout">, temperature: number): PolicyLoss {
  const { lossType, dualClip, klCoef, importanceMode, importanceCap } = learner;
  const own = publishedSettings[lossType];
  return {
    kind: lossType,
    clipLow: learner.clipLow ?? own.clipLow,
    clipHigh: learner.clipHigh ?? own.clipHigh,
    dualClip,
    klCoef,
    normalize: learner.normalize ?? own.normalize,
    constant: rollout.responseTokens,
    importanceMode,
    importanceCap,
    temperature,
  };
}
