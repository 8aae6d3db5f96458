// Presets: partial configs over the defaults of config.ts. `laptop` is what `npm start` trains: its own start level and
// multipliers, so that the world's difficulty is reached from the first step. `tiny` is for tests: SmolLM2 in all roles.
// `trustee` is the published run (arXiv 2604.17739), number by number; docs/trustee.md says where and why it departs.
import type { ConfigInput } from "./config.ts";

export const presets = {
  laptop: {
    steps: 4,
    // one task of each step declines: four steps of which one had none forgot it again (README, results)
    tasks: { perStep: 3, decline: 0.34, hard: 0.4, novelty: 0.92 },
    // at the start: two tools, one call, everything told; five levels up every call task holds a value back
    difficulty: { numTools: 0.07, expectedToolCalls: 0.03, queryAmbiguity: 0.03, systemPrompt: 0.034 },
    curriculum: { start: 30, step: 5, epsilon: 0 },
    rollout: { groupSize: 6, tokensPerTurn: 96, responseTokens: 640, deadlineSeconds: 300 },
    // the health check of this simulator: its opinion orders no pair that rules do not (docs/simulator-health.md)
    reward: { verdict: "rules" },
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
  trustee: {
    steps: 200,
    // room for a prompt of 8,192 tokens and a response of 16,384
    engine: { policyContext: 24_576, simulatorContext: 32_768 },
    tasks: { perStep: 16, direction: "intent-first", decline: 0, hard: 0, attempts: 5, novelty: null, distractors: "random" },
    difficulty: {
      numTools: 0.1,
      expectedToolCalls: 0.03,
      userPersona: 0.02,
      queryAmbiguity: 0.02,
      expectedTurns: 0.02,
      numCriteria: 0.04,
      systemPrompt: 0.03,
      maxUserTurns: 0.03,
      maxAssistantTurns: 0.06,
      maxToolTurns: 0.03,
      minTurns: 1,
    },
    curriculum: { start: 1, step: 3, floor: 1, cap: 100, raiseAt: 0.5, lowerAt: 0, epsilon: 0.5, every: 1, fixed: [] },
    simulator: { user: "written", tools: "written", thinkTokens: 2048, withhold: [] },
    rollout: {
      groupSize: 8,
      temperature: 1,
      temperatureControl: { on: false, entropyTarget: 0.1, step: 0.01, afterSteps: 20, highest: 1 },
      tokensPerTurn: 16_384,
      responseTokens: 16_384,
      parallelCalls: 3,
      toolChars: 512,
      deadlineSeconds: 120,
      turnSeconds: 3600,
      simulatorTries: 3,
    },
    reward: { verdict: "written" },
    advantage: { returns: "outcome", gamma: 0.99, mode: "uniform", normalizeStd: true },
    learner: {
      // published for all weights: 800 steps of 1e-6 move no entry of an adapter by more than 8e-4
      learningRate: 1e-5,
      betas: [0.9, 0.999],
      weightDecay: 0.01,
      gradClip: 1,
      tasksPerMinibatch: 4,
      lossType: "dual_clip",
      clipLow: 0.2,
      clipHigh: 0.2,
      dualClip: 3,
      // a token mean over micro-batches of one sequence: every episode weighs alike
      normalize: "rollout",
      klCoef: 0.001,
      klEstimator: "k3",
    },
    warmup: { when: "never" },
    // every toolset is trained on; the method is judged on benchmarks
    evaluation: { tasks: 0 },
  },
} as const satisfies Record<string, ConfigInput>;

export type Preset = keyof typeof presets;

export function isPreset(name: string): name is Preset {
  return Object.hasOwn(presets, name);
}
