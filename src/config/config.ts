// Every setting of a run: one zod schema with default, unit and one sentence each. The defaults are the preset `laptop`, used by
// a bare `playact train`: measured on the default models, not published. Presets are partial configs over the defaults
// (presets.ts), files and --set override the preset, and the resolved config is stored with the run.
import { z } from "zod";

const share = z.number().min(0).max(1);
const seconds = z.number().positive();
const count = z.number().int().positive();
const natural = z.number().int().min(0);

export const advantageModes = ["uniform", "sign", "sign-linear", "relu", "linear"] as const;
export type AdvantageMode = (typeof advantageModes)[number];

export const returnModes = ["outcome", "step", "token", "sparse"] as const;
export type ReturnMode = (typeof returnModes)[number];

/** Aspects set by the level; the keys of `Difficulty` (tasks/difficulty.ts) and of the multipliers below. */
export const aspects = [
  "numTools",
  "expectedToolCalls",
  "userPersona",
  "queryAmbiguity",
  "expectedTurns",
  "numCriteria",
  "systemPrompt",
  "maxUserTurns",
  "maxAssistantTurns",
  "maxToolTurns",
] as const;
export type Aspect = (typeof aspects)[number];
/** Policy losses, named as in native/trainer/loss.py; their published settings are in learner/losses.ts. */
export const policyLosses = ["grpo", "dr_grpo", "dapo", "gspo", "cispo", "dual_clip"] as const;
export type PolicyLossName = (typeof policyLosses)[number];
export const normalizations = ["tokens", "sequence", "rollout", "constant"] as const;
export type Normalization = (typeof normalizations)[number];
export const importanceModes = ["token_truncate", "token_mask", "sequence_truncate", "sequence_mask"] as const;
export type ImportanceMode = (typeof importanceModes)[number];

const models = z.strictObject({
  policy: z.string().default("qwen2.5-coder-0.5b-instruct").describe("Model that is trained: a name in models/manifest.json."),
  simulator: z
    .string()
    .default("qwen2.5-coder-1.5b-instruct")
    .describe("Model that simulates the world: task writer, user, tools, verifier."),
});

const engine = z.strictObject({
  gpu: z.enum(["auto", "on", "off"]).default("auto").describe("CUDA or Metal: if available, required, or never."),
  threads: count.nullable().default(null).describe("CPU threads for sampling; null uses all cores."),
  mode: z
    .enum(["fast", "reproducible"])
    .default("fast")
    .describe("reproducible: one request at a time and no reuse; bit-equal samples on a CPU, several times slower."),
  policySequences: count
    .nullable()
    .default(null)
    .describe("Episodes decoded in parallel; null: as many as fit in a quarter of the free memory, at most 16 (64 on a GPU)."),
  policyContext: count.default(2048).describe("Context of one episode, in tokens."),
  simulatorSequences: count
    .nullable()
    .default(null)
    .describe("Simulator requests decoded in parallel; null as above, at most 8 (64 on a GPU)."),
  simulatorContext: count.default(2560).describe("Context of one simulator request, in tokens."),
});

const tasks = z.strictObject({
  perStep: count.default(3).describe("Tasks (groups) per step."),
  tools: z
    .string()
    .nullable()
    .default(null)
    .describe(
      "Your own tools: a file or folder (in the format of OpenAI, MCP, Anthropic or Google, rows of a data set, BFCL function docs, a ToolBench tree); null uses the embedded catalogue.",
    ),
  skipBadTools: z.boolean().default(false).describe("Leave out tools that cannot be simulated, instead of ending the command."),
  direction: z
    .enum(["intent-first", "calls-first"])
    .default("calls-first")
    .describe("What is written first: the user's intent (as published), or the right calls with their values."),
  decline: share
    // one task in each step of three: in a run where some steps had none, declining was forgotten (docs/results.md)
    .default(0.34)
    .describe("Share of tasks whose needed tool is missing; the right answer is to make no call and say so."),
  hard: share
    .default(0.4)
    .describe("Share of tasks that must hold back a value or need a second, dependent call, whatever the level."),
  attempts: count.default(5).describe("Rounds of drafts before a task is given up: one draft, then two per round."),
  novelty: share
    .nullable()
    .default(0.92)
    .describe("Cosine of first messages above which a draft is too similar to one of the last 1,000 tasks; null is off."),
  distractors: z
    .enum(["random", "near"])
    .default("random")
    .describe("Tools offered besides the needed ones: any of the domain, or tools of similar meaning that cannot do the job."),
});

/** At level 30, the start: two tools, one call, nothing held back; from level 35 every call task holds back a value. */
const difficulty = z.strictObject({
  numTools: z.number().min(0).default(0.07).describe("Tools offered: max(1, floor(x * level))."),
  expectedToolCalls: z.number().min(0).default(0.03).describe("Calls needed: max(1, floor(x * level))."),
  userPersona: z.number().min(0).default(0.02).describe("0 expert, 1 beginner, 2 novice: floor(x * level), capped."),
  queryAmbiguity: z
    .number()
    .min(0)
    .default(0.03)
    .describe("Values held back from the first message, 0..2: floor(x * level), capped."),
  expectedTurns: z.number().min(0).default(0.02).describe("Length of the conversation, 0..2: floor(x * level), capped."),
  numCriteria: z.number().min(0).default(0.04).describe("Criteria judged: 1 + floor(x * level), capped at 5."),
  systemPrompt: z.number().min(0).default(0.034).describe("0 detailed to 3 one default sentence: floor(x * level), capped."),
  maxUserTurns: z.number().min(0).default(0.03).describe("Most replies of the user: max(minTurns, floor(x * level))."),
  maxAssistantTurns: z.number().min(0).default(0.06).describe("Assistant turns: max(2 * minTurns, floor(x * level))."),
  maxToolTurns: z.number().min(0).default(0.03).describe("Tool turns: max(minTurns, floor(x * level))."),
  minTurns: count.default(1).describe("Lower bound of the limits of user turns and of tool turns."),
});

const curriculum = z.strictObject({
  start: z.number().int().min(1).max(100).default(30).describe("Level of the first step."),
  step: z.number().int().min(0).default(5).describe("Levels per change, up or down."),
  floor: z.number().int().min(1).max(100).default(1).describe("Lowest level."),
  cap: z.number().int().min(1).max(100).default(100).describe("Highest level."),
  raiseAt: z.number().default(0.5).describe("Mean reward at or above which the level rises."),
  lowerAt: z.number().default(0).describe("Mean reward at or below which the level falls."),
  epsilon: share.default(0).describe("Probability that a task's aspects are drawn uniformly instead (soft curriculum)."),
  every: count.default(1).describe("Steps between two changes of the level (update frequency); the last step's mean decides."),
  fixed: z.array(z.enum(aspects)).default([]).describe("Aspects that stay at their hardest, whatever the level (fixed aspects)."),
});

const simulator = z.strictObject({
  user: z
    .enum(["written", "chosen"])
    .default("chosen")
    .describe("The user's next sentence: written freely, or chosen from a menu."),
  tools: z
    .enum(["written", "blueprint"])
    .default("blueprint")
    .describe("Tool results: all written by the simulator, or taken from the blueprint for an expected call."),
  maxCriteria: z
    .number()
    .int()
    .min(1)
    .max(5)
    .nullable()
    .default(null)
    .describe("Most criteria of a written verdict; null: 2 under 10B parameters, 3 under 20B, else 5."),
  thinkTokens: natural
    .default(0)
    .describe("Most tokens of thinking before a simulator reply, for models with thinking markers; the thinking is discarded."),
  withhold: z
    .array(z.enum(["intent", "persona", "expected-calls"]))
    .default([])
    .describe("What user, tools and verifier do not know about the task (ablation); user and verdict must both be written."),
});

const rollout = z.strictObject({
  groupSize: count.default(6).describe("Samples (trajectories) per task."),
  temperature: z.number().positive().default(1).describe("Sampling temperature; nothing else shapes the policy's distribution."),
  temperatureControl: z
    .strictObject({
      on: z.boolean().default(false).describe("Adjust the temperature after each step, up if the policy's entropy is too low."),
      entropyTarget: z
        .number()
        .min(0)
        .default(0.1)
        .describe("Entropy (nats per token) below which the temperature rises; otherwise it falls."),
      step: z.number().positive().default(0.01).describe("Change of the temperature per step."),
      afterSteps: z.number().int().min(0).default(20).describe("Number of first steps without a change."),
      lowest: z.number().positive().default(0.1).describe("Lowest temperature; at 0 all samples of a group would be the same."),
      highest: z.number().positive().default(1).describe("Highest temperature."),
    })
    .prefault({}),
  tokensPerTurn: count.default(96).describe("Most tokens of one assistant turn."),
  responseTokens: count.default(640).describe("Most tokens of an episode after its prompt."),
  parallelCalls: count.default(3).describe("Most calls executed per turn; further ones get an error."),
  toolChars: count.default(512).describe("Most characters of a tool result; longer ones are cut in the middle."),
  deadlineSeconds: seconds.default(300).describe("Longest time for one simulator reply, not counting its wait for a sequence."),
  turnSeconds: seconds.default(600).describe("The same for one turn of the policy; a longer turn is cut off and judged."),
  simulatorTries: count.default(3).describe("Tries for a valid simulator reply before the episode is aborted."),
});

const reward = z.strictObject({
  verdict: z
    .enum(["mixed", "rules", "written"])
    // measured for the default simulator: its judgement orders no pair that rules do not (docs/simulator-health.md)
    .default("rules")
    .describe("mixed: rules, and anchored log-odds for the report; rules: rules alone; written: by the verifier."),
});

const advantage = z.strictObject({
  returns: z
    .enum(returnModes)
    .default("outcome")
    .describe("Compared within a group: the outcome (TGRPO), returns by step or by token, or the sum of all rewards (sparse)."),
  gamma: share.default(0.99).describe("Discount of the returns by step and by token."),
  mode: z
    .enum(advantageModes)
    .default("uniform")
    .describe("TGRPO mode: how turn rewards weight the outcome's advantage; only used if returns is outcome."),
  normalizeStd: z.boolean().default(true).describe("Divide by the group's standard deviation."),
});

const learner = z.strictObject({
  device: z.enum(["auto", "cpu", "cuda", "mps"]).default("auto").describe("Device that torch trains on."),
  dtype: z.enum(["auto", "float32", "bfloat16"]).default("auto").describe("Type of the frozen weights; adapters stay float32."),
  memory: count
    .nullable()
    .default(null)
    .describe("Megabytes for the learner; above, it recomputes blocks and shortens rows. null: most of the free memory."),
  processes: count.default(1).describe("GPUs to train on, one process each, by torchrun."),
  rank: count.default(16).describe("LoRA rank, on all linear layers."),
  alpha: z.number().positive().default(32).describe("LoRA alpha."),
  learningRate: z.number().positive().default(1.5e-4).describe("AdamW learning rate of GRPO, the same in every step."),
  betas: z.tuple([share, share]).default([0.9, 0.999]).describe("AdamW betas."),
  eps: z.number().positive().default(1e-8).describe("AdamW epsilon."),
  weightDecay: z.number().min(0).default(0.01).describe("AdamW weight decay."),
  gradClip: z.number().positive().default(1).describe("Largest gradient norm."),
  tasksPerMinibatch: count.default(1).describe("Tasks per optimizer step."),
  lossType: z
    .enum(policyLosses)
    .default("grpo")
    .describe("Policy loss; Dr. GRPO as published also needs advantage.normalizeStd=false."),
  clipLow: z.number().min(0).nullable().default(null).describe("Lower ratio clip; null is the loss's own value (grpo 0.2)."),
  clipHigh: z
    .number()
    .min(0)
    .nullable()
    .default(null)
    .describe("Upper ratio clip; null is the loss's own value (grpo 0.2, dapo 0.28)."),
  dualClip: z.number().min(1).default(3).describe("Largest ratio at a negative advantage, for dual_clip (TRL's delta)."),
  normalize: z
    .enum(normalizations)
    .nullable()
    .default(null)
    .describe(
      "What has equal weight in a mini-batch; constant divides by rollout.responseTokens; null is the loss's own value (grpo tokens).",
    ),
  klCoef: z
    .number()
    .min(0)
    .default(0)
    .describe("Weight of the KL to the reference model (k3, per token), also for dead groups; 0 is off."),
  importanceMode: z
    .enum(importanceModes)
    .default("token_truncate")
    .describe("Importance weights for the sampler-learner gap: by token or sequence, truncated at the cap or 0 above it."),
  importanceCap: z.number().positive().nullable().default(2).describe("Cap of the importance weights; null switches them off."),
  gapAlarm: share.default(0.05).describe("Share of tokens with an importance ratio outside 0.9..1.1 above which a step warns."),
});

const warmup = z.strictObject({
  when: z
    .enum(["auto", "always", "never"])
    // the default policy already forms many calls, but neither reports nor declines: the warm-up shows all three
    .default("always")
    .describe("auto: only if the probe finds that the policy seldom forms a call."),
  demonstrations: count.default(36).describe("Number of demonstrations to build."),
  declineShare: share.default(0.4).describe("Share of demonstrations where the right answer is to make no call."),
  epochs: count.default(1).describe("Passes over the demonstrations."),
  batch: count.default(2).describe("Demonstrations per optimizer step."),
  learningRate: z
    .number()
    .positive()
    .default(6e-4)
    .describe("AdamW learning rate of the first supervised step; it falls linearly to 0."),
});

const evaluation = z.strictObject({
  tasks: natural.default(24).describe("Held-out tasks, played greedily before and after training; 0 skips the evaluation."),
  heldOut: share.default(0.25).describe("Share of each domain's toolsets that is never trained on."),
});

export const configSchema = z.strictObject({
  seed: z.number().int().min(0).default(1).describe("Root seed of every random draw."),
  steps: count.default(4).describe("GRPO steps."),
  keepCheckpoints: count.default(2).describe("Checkpoints kept besides the last one; older ones are removed."),
  models: models.prefault({}),
  engine: engine.prefault({}),
  tasks: tasks.prefault({}),
  difficulty: difficulty.prefault({}),
  curriculum: curriculum.prefault({}),
  simulator: simulator.prefault({}),
  rollout: rollout.prefault({}),
  reward: reward.prefault({}),
  advantage: advantage.prefault({}),
  learner: learner.prefault({}),
  warmup: warmup.prefault({}),
  evaluation: evaluation.prefault({}),
});

export type Config = z.output<typeof configSchema>;
export type ConfigInput = z.input<typeof configSchema>;
