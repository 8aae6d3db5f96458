// Presets: differences from the defaults in config.ts. `laptop` is the defaults, `evening` a longer run of it, `gpu-24gb` and
// `gpu-80gb` the same method with an 8B in both seats on one card (nothing of them has been measured). `tiny` is for tests:
// SmolLM2 in all roles. `trustee` is the published run (arXiv 2604.17739) and the only place with its numbers; docs/trustee.md says where and why it
// departs. Its difficulty and curriculum are complete: they are the default options of the pure functions in tasks/.
import type { ConfigInput } from "./config.ts";

export const presets = {
  laptop: {},
  // an evening on two cores: more demonstrations and steps, and enough held-out tasks for an interval
  evening: { steps: 8, warmup: { demonstrations: 96 }, evaluation: { tasks: 96, decisions: 168, every: 4 } },
  // Qwen3-8B as policy and simulator from one file, on a card sold as 24 GB: engine and learner take turns with their weights
  "gpu-24gb": {
    steps: 60,
    models: { policy: "qwen3-8b", simulator: "qwen3-8b" },
    // keys and values alone in turns would leave room for 3 + 1 sequences instead of 36 + 19 (playact plan)
    engine: { residency: "alternate" },
    tasks: { perStep: 8 },
    rollout: { groupSize: 8, tokensPerTurn: 192 },
    // a fifteenth of the 0.5B's: large models take smaller ones, and those of published runs with LoRA are 1e-5 to 5e-5
    learner: { learningRate: 1e-5 },
    warmup: { learningRate: 1e-4 },
    evaluation: { tasks: 96, decisions: 168, every: 10 },
  },
  // the same in four times the memory: nothing takes turns, episodes may be four times as long, groups are larger
  "gpu-80gb": {
    steps: 100,
    models: { policy: "qwen3-8b", simulator: "qwen3-8b" },
    engine: { policyContext: 8192, simulatorContext: 8192, residency: "together" },
    tasks: { perStep: 16 },
    rollout: { groupSize: 8, tokensPerTurn: 512, responseTokens: 4096, toolChars: 2048 },
    learner: { learningRate: 1e-5, tasksPerMinibatch: 4 },
    warmup: { learningRate: 1e-4 },
    evaluation: { tasks: 96, decisions: 168, every: 10 },
  },
  tiny: {
    steps: 2,
    models: { policy: "smollm2-135m-instruct", simulator: "smollm2-135m-instruct" },
    engine: { policySequences: 4, policyContext: 1536, simulatorSequences: 4, simulatorContext: 1536 },
    tasks: { perStep: 2, decline: 0.25, parallel: 0, hard: 0.3, novelty: null },
    difficulty: { numTools: 0.1, queryAmbiguity: 0.02, systemPrompt: 0.03 },
    curriculum: { start: 10, step: 3, floor: 1, epsilon: 0.25 },
    rollout: {
      ...{ groupSize: 3, guide: "off", stopAgreed: false },
      ...{ tokensPerTurn: 48, responseTokens: 256, deadlineSeconds: 120, simulatorTries: 1 },
    },
    learner: { learningRate: 5e-5, klCoef: 0.001, rank: 8, alpha: 16 },
    warmup: { when: "auto", demonstrations: 6, declineShare: 0.34, batch: 3, learningRate: 2e-4 },
    evaluation: { tasks: 0, decisions: 0 },
  },
  // SynthAgent on two cores: a task set whose tools rules assemble and execute (playact synth); the shape of a step is laptop's
  "laptop-synth": {
    tasks: { source: "assembled" },
    simulator: { tools: "executed" },
    // who only asks earns 0.5 as published
    reward: { verdict: "rubric", leastGoals: 0.3 },
  },
  // the published run (arXiv 2601.22511) and the only place with its numbers; docs/synthagent.md says where it departs
  synthagent: {
    steps: 236,
    models: { policy: "qwen3-8b", simulator: "qwen3-8b" },
    // room for a prompt of 2,048 tokens and a response of 13,000
    engine: { policyContext: 15_360, simulatorContext: 32_768 },
    tasks: { source: "synthagent", perStep: 128, decline: 0, twins: false, parallel: 0, hard: 0, novelty: null },
    curriculum: { start: 1, step: 0 },
    // at level 1: 16 turns of the policy, of which the last answers
    difficulty: { maxToolTurns: 15, minTurns: 8 },
    simulator: { user: "written", tools: "written", memory: true },
    synth: { tools: "written" },
    rollout: {
      ...{ groupSize: 16, temperature: 1, guide: "off", stopAgreed: false, ends: "answer", parallelCalls: 1 },
      ...{ tokensPerTurn: 4096, responseTokens: 13_000, toolChars: 4096, deadlineSeconds: 120, turnSeconds: 3600 },
    },
    reward: { verdict: "rubric", items: "written" },
    advantage: { negative: 1 },
    learner: {
      // published for all weights, as in trustee; here for an adapter
      learningRate: 1e-5,
      schedule: "constant",
      betas: [0.9, 0.999],
      tasksPerMinibatch: 16,
      lossType: "dual_clip",
      ...{ clipLow: 0.2, clipHigh: 0.28, dualClip: 10, normalize: "tokens", klCoef: 0 },
    },
    warmup: { when: "never" },
    evaluation: { tasks: 0, decisions: 0 },
  },
  // ToolMaster on two cores: tools that are not what their pages say, tried before they are used; the shape of a step is laptop's
  "laptop-trial": {
    tasks: { drift: 0.75, hard: 0, parallel: 0 },
    // one needed call, at every level
    difficulty: { expectedToolCalls: 0 },
    trial: { turns: 2 },
    // notes, plan and call are one turn, after two trials
    rollout: { tokensPerTurn: 192, responseTokens: 768 },
    warmup: { demonstrations: 96 },
    evaluation: { tasks: 0, decisions: 0, perCell: 48, heldOutKinds: ["options"] },
  },
  // both stages of ToolMaster (arXiv 2601.12762); of its numbers only the model is known, docs/toolmaster.md marks the others
  toolmaster: {
    steps: 60,
    models: { policy: "qwen2.5-7b-instruct", simulator: "qwen2.5-7b-instruct" },
    engine: { policyContext: 8192, simulatorContext: 8192 },
    tasks: { perStep: 16, drift: 0, twins: false },
    simulator: { user: "written", tools: "written", memory: true },
    rollout: {
      ...{ groupSize: 8, temperature: 1, guide: "off", stopAgreed: false },
      ...{ tokensPerTurn: 1024, responseTokens: 6144, toolChars: 2048 },
    },
    trial: { turns: 4, world: "shared", price: 0 },
    reward: { verdict: "written" },
    advantage: { negative: 1 },
    learner: { learningRate: 1e-5, schedule: "constant", betas: [0.9, 0.999], tasksPerMinibatch: 4 },
    warmup: { when: "always", from: "teacher", learningRate: 1e-4 },
    evaluation: { tasks: 96, decisions: 0 },
  },
  trustee: {
    steps: 200,
    models: { policy: "qwen3-8b", simulator: "qwen3-8b" },
    policy: { thinking: true },
    // room for a prompt of 8,192 tokens and a response of 16,384
    engine: { policyContext: 24_576, simulatorContext: 32_768 },
    tasks: { perStep: 16, direction: "intent-first", decline: 0, twins: false, parallel: 0, hard: 0, novelty: null },
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
    curriculum: { start: 1, step: 3, floor: 1, cap: 100, raiseAt: 0.5, lowerAt: 0, epsilon: 0.5, every: 1 },
    simulator: { user: "written", tools: "written", thinking: true, thinkTokens: 2048 },
    rollout: {
      ...{ groupSize: 8, temperature: 1, guide: "off", stopAgreed: false },
      ...{ tokensPerTurn: 16_384, responseTokens: 16_384, deadlineSeconds: 120, turnSeconds: 3600 },
    },
    reward: { verdict: "written" },
    advantage: { negative: 1 },
    learner: {
      // the published 1e-6 is for all weights: 800 steps of it move no entry of an adapter by more than 8e-4
      learningRate: 1e-5,
      schedule: "constant",
      betas: [0.9, 0.999],
      tasksPerMinibatch: 4,
      lossType: "dual_clip",
      clipLow: 0.2,
      clipHigh: 0.2,
      // a token mean over micro-batches of one sequence: every episode has the same weight
      normalize: "rollout",
      klCoef: 0.001,
    },
    warmup: { when: "never" },
    // every toolset is trained on; the method is judged on benchmarks
    evaluation: { tasks: 0, decisions: 0 },
  },
} as const satisfies Record<string, ConfigInput>;

export type Preset = keyof typeof presets;

export function isPreset(name: string): name is Preset {
  return Object.hasOwn(presets, name);
}
