// Every knob of a run: one zod schema with default, unit and one sentence each. The defaults are the run that a bare
// `playact train` does, the preset `laptop`: measured on the default models, not published. Presets are partial configs laid
// over them (presets.ts), files and --set lie over the preset, and the resolved config is stored with the run.
import { z } from "zod";

const share = z.number().min(0).max(1);
const seconds = z.number().positive();
const count = z.number().int().positive();
const natural = z.number().int().min(0);

export const advantageModes = ["uniform", "sign", "sign-linear", "relu", "linear"] as const;
export type AdvantageMode = (typeof advantageModes)[number];

export const returnModes = ["outcome", "step", "token", "sparse"] as const;
export type ReturnMode = (typeof returnModes)[number];

/** What a level sets; the keys of `Difficulty` (tasks/difficulty.ts) and of the multipliers below. */
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
/** Policy losses by the name of their table, native/trainer/loss.py; their published settings are in learner/losses.ts. */
export const policyLosses = ["grpo", "dr_grpo", "dapo", "gspo", "cispo", "dual_clip"] as const;
export type PolicyLossName = (typeof policyLosses)[number];
export const normalizations = ["tokens", "sequence", "rollout", "constant"] as const;
export type Normalization = (typeof normalizations)[number];
export const importanceModes = ["token_truncate", "token_mask", "sequence_truncate", "sequence_mask"] as const;
export type ImportanceMode = (typeof importanceModes)[number];

const models = z.strictObject({
  policy: z.string().default("qwen2.5-coder-0.5b-instruct").describe("Model that is trained: a name of models/manifest.json."),
  simulator: z
    .string()
    .default("qwen2.5-coder-1.5b-instruct")
    .describe("Model that acts the world: task writer, user, tools, verifier."),
});

const engine = z.strictObject({
  gpu: z.enum(["auto", "on", "off"]).default("auto").describe("CUDA or Metal: where there is one, required, or never."),
  threads: count.nullable().default(null).describe("CPU threads for sampling; null takes all cores."),
  mode: z
    .enum(["fast", "reproducible"])
    .default("fast")
    .describe("reproducible: one request at a time and no reuse; bit-equal samples on a CPU, several times slower."),
  policySequences: count
    .nullable()
    .default(null)
    .describe("Episodes decoded side by side; null: as many as a quarter of the free memory holds, at most 16 (64 on a GPU)."),
  policyContext: count.default(2048).describe("Tokens of context of one episode."),
  simulatorSequences: count
    .nullable()
    .default(null)
    .describe("Simulator requests decoded side by side; null as above, at most 8 (64 on a GPU)."),
  simulatorContext: count.default(2560).describe("Tokens of context of one simulator request."),
});

const tasks = z.strictObject({
  perStep: count.default(3).describe("Tasks (groups) a step."),
  tools: z
    .string()
    .nullable()
    .default(null)
    .describe(
      "The user's own tools: a file or folder (as OpenAI, MCP, Anthropic or Google write them, rows of a data set, BFCL function docs, a ToolBench tree); null takes the embedded catalogue.",
    ),
  skipBadTools: z.boolean().default(false).describe("Leave tools out that cannot be played; else they end the command."),
  direction: z
    .enum(["intent-first", "calls-first"])
    .default("calls-first")
    .describe("What is written first: the person's intent, as published, or the right calls with their values."),
  decline: share
    // one task of each step of three: steps of which one had none forgot it again (README, results)
    .default(0.34)
    .describe("Share of tasks whose needed tool is withheld; right is to make no call and say so."),
  hard: share
    .default(0.4)
    .describe("Share of tasks that must hold a value back or need a second, dependent call, whatever the level."),
  attempts: count.default(5).describe("Rounds of drafts before a task is given up: one draft, then two a round."),
  novelty: share
    .nullable()
    .default(0.92)
    .describe("Cosine of first messages above which a draft is too close to one of the last 1,000 tasks; null is off."),
  distractors: z
    .enum(["random", "near"])
    .default("random")
    .describe("Tools offered beside the needed ones: any of the domain, or those of a near meaning that cannot do the job."),
});

/** At level 30, where a run starts: two tools, one call, everything said; five levels up every call task holds a value back. */
const difficulty = z.strictObject({
  numTools: z.number().min(0).default(0.07).describe("Tools offered: max(1, floor(x * level))."),
  expectedToolCalls: z.number().min(0).default(0.03).describe("Calls needed: max(1, floor(x * level))."),
  userPersona: z.number().min(0).default(0.02).describe("0 expert, 1 beginner, 2 novice: floor(x * level), capped."),
  queryAmbiguity: z
    .number()
    .min(0)
    .default(0.03)
    .describe("Values held back from the first message, 0..2: floor(x * level), capped."),
  expectedTurns: z.number().min(0).default(0.02).describe("Length of the talk, 0..2: floor(x * level), capped."),
  numCriteria: z.number().min(0).default(0.04).describe("Criteria judged: 1 + floor(x * level), capped at 5."),
  systemPrompt: z.number().min(0).default(0.034).describe("0 detailed .. 3 default sentence: floor(x * level), capped."),
  maxUserTurns: z.number().min(0).default(0.03).describe("Most replies of the user: max(minTurns, floor(x * level))."),
  maxAssistantTurns: z.number().min(0).default(0.06).describe("Assistant turns: max(2 * minTurns, floor(x * level))."),
  maxToolTurns: z.number().min(0).default(0.03).describe("Tool turns: max(minTurns, floor(x * level))."),
  minTurns: count.default(1).describe("Least turns of user and tool each."),
});

const curriculum = z.strictObject({
  start: z.number().int().min(1).max(100).default(30).describe("Level of the first step."),
  step: z.number().int().min(0).default(5).describe("Levels up or down at once."),
  floor: z.number().int().min(1).max(100).default(1).describe("Lowest level."),
  cap: z.number().int().min(1).max(100).default(100).describe("Highest level."),
  raiseAt: z.number().default(0.5).describe("Mean reward at or above which the level rises."),
  lowerAt: z.number().default(0).describe("Mean reward at or below which the level falls."),
  epsilon: share.default(0).describe("Chance that a task's aspects are drawn uniformly instead (soft curriculum)."),
  every: count.default(1).describe("Steps between two changes of the level (update frequency); the last one's mean decides."),
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
    .describe("Tool results: all written by the simulator, or the blueprint's where the call is the expected one."),
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
    .describe("Tokens that a simulator whose model marks its thinking may think before a reply; nobody sees them."),
  withhold: z
    .array(z.enum(["intent", "persona", "expected-calls"]))
    .default([])
    .describe("What user, tools and verifier are not told about the task (ablation); both user and verdict must be written."),
});

const rollout = z.strictObject({
  groupSize: count.default(6).describe("Samples (trajectories) of one task."),
  temperature: z.number().positive().default(1).describe("Sampling temperature; nothing else shapes the policy's distribution."),
  temperatureControl: z
    .strictObject({
      on: z.boolean().default(false).describe("Moves the temperature after each step, up where the policy's entropy is too low."),
      entropyTarget: z
        .number()
        .min(0)
        .default(0.1)
        .describe("Entropy (nats a token) below which the temperature rises, else it falls."),
      step: z.number().positive().default(0.01).describe("Change of the temperature at once."),
      afterSteps: z.number().int().min(0).default(20).describe("Steps at the beginning that change nothing."),
      lowest: z.number().positive().default(0.1).describe("Lowest temperature; at 0 all samples of a group would be one."),
      highest: z.number().positive().default(1).describe("Highest temperature."),
    })
    .prefault({}),
  tokensPerTurn: count.default(96).describe("Most tokens of one assistant turn."),
  responseTokens: count.default(640).describe("Most tokens of an episode after its prompt."),
  parallelCalls: count.default(3).describe("Calls of one turn that are carried out; further ones get an error."),
  toolChars: count.default(512).describe("Characters of a tool result; longer ones are cut in the middle."),
  deadlineSeconds: seconds.default(300).describe("Longest time for one simulator reply, its wait for a sequence not counted."),
  turnSeconds: seconds.default(600).describe("The same for one turn of the policy; a longer one is cut there and judged."),
  simulatorTries: count.default(3).describe("Tries for a valid simulator reply before the episode is aborted."),
});

const reward = z.strictObject({
  verdict: z
    .enum(["mixed", "rules", "written"])
    // the health check of the default simulator: its opinion orders no pair that rules do not (docs/simulator-health.md)
    .default("rules")
    .describe("Rules first and anchored log-odds for the report; rules alone; or written by the verifier."),
});

const advantage = z.strictObject({
  returns: z
    .enum(returnModes)
    .default("outcome")
    .describe("What the group compares: the outcome (TGRPO), returns by step or by token, or the sum of all rewards (sparse)."),
  gamma: share.default(0.99).describe("Discount of the returns by step and by token."),
  mode: z
    .enum(advantageModes)
    .default("uniform")
    .describe("TGRPO mode: how turn rewards weigh the outcome's advantage; read where returns is outcome."),
  normalizeStd: z.boolean().default(true).describe("Divide by the group's standard deviation."),
});

const learner = z.strictObject({
  device: z.enum(["auto", "cpu", "cuda", "mps"]).default("auto").describe("Where torch trains."),
  dtype: z.enum(["auto", "float32", "bfloat16"]).default("auto").describe("Type of the frozen weights; adapters stay float32."),
  memory: count
    .nullable()
    .default(null)
    .describe(
      "Megabytes that the learner may hold; beyond, it computes blocks twice and shortens rows. null: most of what is free.",
    ),
  processes: count.default(1).describe("GPUs to train on, one process each, by torchrun."),
  rank: count.default(16).describe("LoRA rank, on all linear layers."),
  alpha: z.number().positive().default(32).describe("LoRA alpha."),
  learningRate: z.number().positive().default(1.5e-4).describe("AdamW learning rate of GRPO, the same in every step."),
  betas: z.tuple([share, share]).default([0.9, 0.999]).describe("AdamW betas."),
  eps: z.number().positive().default(1e-8).describe("AdamW epsilon."),
  weightDecay: z.number().min(0).default(0.01).describe("AdamW weight decay."),
  gradClip: z.number().positive().default(1).describe("Largest gradient norm."),
  tasksPerMinibatch: count.default(1).describe("Tasks of one optimizer step."),
  lossType: z
    .enum(policyLosses)
    .default("grpo")
    .describe("Policy loss; Dr. GRPO as published also takes advantage.normalizeStd=false."),
  clipLow: z.number().min(0).nullable().default(null).describe("Ratio clip below; null is the loss's own (grpo 0.2)."),
  clipHigh: z
    .number()
    .min(0)
    .nullable()
    .default(null)
    .describe("Ratio clip above; null is the loss's own (grpo 0.2, dapo 0.28)."),
  dualClip: z.number().min(1).default(3).describe("Largest ratio where the advantage is negative, of dual_clip (TRL's delta)."),
  normalize: z
    .enum(normalizations)
    .nullable()
    .default(null)
    .describe(
      "What weighs alike in a mini-batch; constant divides by rollout.responseTokens; null is the loss's own (grpo tokens).",
    ),
  klCoef: z
    .number()
    .min(0)
    .default(0)
    .describe("Weight of the KL to the bare model (k3, by token), which dead groups keep; 0 is off."),
  importanceMode: z
    .enum(importanceModes)
    .default("token_truncate")
    .describe("Importance weights of the sampler-learner gap: by token or sequence, truncated at the cap or 0 above it."),
  importanceCap: z.number().positive().nullable().default(2).describe("Cap of the importance weight; null switches it off."),
  gapAlarm: share.default(0.05).describe("Share of tokens with an importance ratio outside 0.9..1.1 above which a step warns."),
});

const warmup = z.strictObject({
  when: z
    .enum(["auto", "always", "never"])
    // the default policy forms many calls by itself, but neither reports nor declines: the warm-up shows it all three
    .default("always")
    .describe("auto: when the probe finds that the policy forms no call by itself."),
  demonstrations: count.default(36).describe("Demonstrations to train on."),
  declineShare: share.default(0.4).describe("Share of them where the right answer is not to call."),
  epochs: count.default(1).describe("Passes over the demonstrations."),
  batch: count.default(2).describe("Demonstrations of one optimizer step."),
  learningRate: z
    .number()
    .positive()
    .default(6e-4)
    .describe("AdamW learning rate of the first supervised step; it falls linearly to 0."),
});

const evaluation = z.strictObject({
  tasks: natural.default(24).describe("Held-out tasks, greedy, before and after training; 0 skips the evaluation."),
  heldOut: share.default(0.25).describe("Share of each domain's toolsets that is never trained on."),
});

export const configSchema = z.strictObject({
  seed: z.number().int().min(0).default(1).describe("Root of every draw."),
  steps: count.default(4).describe("GRPO steps."),
  keepCheckpoints: count.default(2).describe("Checkpoints kept beside the last; older ones are removed."),
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
