// Presets: partial configs over the defaults of config.ts. `laptop` is what `npm start` trains: its own start level and
// multipliers, so that the world's difficulty is reached from the first step. `tiny` is for tests: SmolLM2 in all roles.
import type { ConfigInput } from "./config.ts";

export const presets = {
  laptop: {
    steps: 4,
    tasks: { perStep: 3, decline: 0.25, hard: 0.4 },
    // at the start: two tools, one call, everything told; five levels up every call task holds a value back
    difficulty: { numTools: 0.07, expectedToolCalls: 0.03, queryAmbiguity: 0.03, systemPrompt: 0.034 },
    curriculum: { start: 30, step: 5, epsilon: 0 },
    rollout: { groupSize: 6, tokensPerTurn: 96, responseTokens: 640, deadlineSeconds: 300 },
    reward: { verdict: "mixed" },
    learner: { learningRate: 1.5e-4, tasksPerMinibatch: 1, klCoef: 0 },
    // This policy forms many calls by itself, but neither reports nor declines: the warm-up shows it all three.
    warmup: { when: "always", demonstrations: 36, declineShare: 0.4, epochs: 1, batch: 2, learningRate: 6e-4 },
    evaluation: { tasks: 24 },
  },
  tiny: {
    steps: 2,
    models: { policy: "smollm2-135m-instruct", simulator: "smollm2-135m-instruct" },
    engine: { policySequences: 4, policyContext: 1536, simulatorSequences: 4, simulatorContext: 1536 },
    tasks: { perStep: 2, decline: 0.25, hard: 0.3 },
    curriculum: { start: 10, step: 3, epsilon: 0.25 },
    rollout: { groupSize: 3, tokensPerTurn: 48, responseTokens: 256, simulatorTries: 1 },
    reward: { verdict: "rules" },
    learner: { learningRate: 5e-5, tasksPerMinibatch: 1, rank: 8, alpha: 16 },
    warmup: { demonstrations: 6, epochs: 1, batch: 3 },
    evaluation: { tasks: 0 },
  },
} as const satisfies Record<string, ConfigInput>;

export type Preset = keyof typeof presets;

export function isPreset(name: string): name is Preset {
  return Object.hasOwn(presets, name);
}
