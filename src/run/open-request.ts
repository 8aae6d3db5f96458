// What a run's config and memory plan ask of its learner when it is opened. Pure.
import type { Config } from "../config/config.ts";
import type { OpenRequest } from "../learner/learner.ts";
import type { MemoryPlan } from "../plan/plan.ts";
import { seedFrom } from "../rng.ts";

/** @param model path of the policy's file */
export function openRequest(config: Config, plan: Pick<MemoryPlan, "learner">, model: string): OpenRequest {
  const { rank, alpha, learningRate, betas, eps, weightDecay, gradClip, device, dtype } = config.learner;
  return {
    model,
    lora: { rank, alpha, seed: seedFrom(config.seed, "lora") },
    optimizer: { learningRate, betas, eps, weightDecay, gradClip },
    device,
    dtype,
    threads: config.engine.threads,
    ...allotted(config, plan),
  };
}

/** The learner's part of the plan. Of several processes each looks after its own GPU. */
function allotted({ learner }: Config, plan: Pick<MemoryPlan, "learner">): Pick<OpenRequest, "memory" | "rowTokens"> {
  if (plan.learner === null || learner.processes > 1) return { memory: learner.memory, rowTokens: null };
  return { memory: Math.floor(plan.learner.bytes / 1e6), rowTokens: plan.learner.rowTokens };
}
