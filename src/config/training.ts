// The settings of sampling, rewards, learning and evaluation; config.ts has the others.
import { z } from "zod";
import { driftKinds } from "../types.ts";
import { natural, positive, seconds, share } from "./numbers.ts";

export const advantageModes = ["uniform", "sign", "sign-linear", "relu", "linear"] as const;
export type AdvantageMode = (typeof advantageModes)[number];

export const returnModes = ["outcome", "step", "token", "sparse"] as const;
export type ReturnMode = (typeof returnModes)[number];

/** Policy losses, named as in native/trainer/loss.py; their published settings are in learner/losses.ts. */
export const policyLosses = ["grpo", "dr_grpo", "dapo", "gspo", "cispo", "dual_clip"] as const;
export type PolicyLossName = (typeof policyLosses)[number];
export const normalizations = ["tokens", "sequence", "rollout", "constant"] as const;
export type Normalization = (typeof normalizations)[number];
export const importanceModes = ["token_truncate", "token_mask", "sequence_truncate", "sequence_mask"] as const;
export type ImportanceMode = (typeof importanceModes)[number];

export const rollout = z.strictObject({
  groupSize: positive.default(6).describe("Samples (trajectories) per task."),
  // after a warm-up a policy is sure of itself: at 0.7 the samples of half of the groups are alike (docs/results.md)
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
  // two calls with nested values in one turn take about 140
  tokensPerTurn: positive.default(160).describe("Most tokens of one assistant turn."),
  responseTokens: positive.default(640).describe("Most tokens of an episode after its prompt."),
  parallelCalls: positive.default(3).describe("Most calls executed per turn; further ones get an error."),
  toolChars: positive.default(512).describe("Most characters of a tool result; longer ones are cut in the middle."),
  deadlineSeconds: seconds.default(300).describe("Longest time for one simulator reply, not counting its wait for a sequence."),
  turnSeconds: seconds.default(600).describe("The same for one turn of the policy; a longer turn is cut off and judged."),
  simulatorTries: positive.default(3).describe("Tries for a valid simulator reply before the episode is aborted."),
  ends: z
    .enum(["user", "answer"])
    .default("user")
    .describe("What ends an episode: the user, or the policy by a final answer between <answer> tags."),
  guide: z
    .enum(["off", "failed"])
    .default("failed")
    .describe(
      "failed: where no sample made all calls and reported on them, the right episode of the task joins the group as a further member.",
    ),
  stopAgreed: z
    .boolean()
    .default(true)
    .describe("Stop a group whose first half agrees: on success for a new task, on failure for its guide."),
});

/** Trials before the execution (ToolMaster); defaults are off, with the values that the preset laptop-trial uses. */
export const trial = z.strictObject({
  turns: natural.default(0).describe("Most turns of an episode that try tools before the execution; 0: there are no trials."),
  phase: z
    .boolean()
    .default(true)
    .describe("Whether trials are a phase of their own; false: their turns are tool turns like any other (ablation)."),
  notes: z.boolean().default(true).describe("Whether demonstrations note what a trial told before they go on; false: ablation."),
  world: z
    .enum(["shared", "scratch"])
    .default("scratch")
    .describe("Where trials happen: in the world of the execution (as published), or in a copy in which changes are lost."),
  price: share.default(0.02).describe("What a trial turn costs beside the reward, so that those that tell nothing die out."),
});

export const reward = z.strictObject({
  verdict: z
    .enum(["mixed", "rules", "written", "rubric"])
    // measured for the default simulator: its judgement orders no pair that rules do not (docs/simulator-health.md)
    .default("rules")
    .describe(
      "mixed: rules, and anchored log-odds for the report; rules: rules alone; written: by the verifier; rubric: item by item (docs/synthagent.md).",
    ),
  items: z
    .enum(["rules", "written"])
    .default("rules")
    .describe("Who decides the items of a rubric: rules, and the verifier where no rule can; or the verifier alone."),
  weights: z
    .strictObject({
      subGoals: share.default(0.5).describe("Weight of the share of sub-goals that were reached."),
      questions: share.default(0.5).describe("Weight of the share of needed questions that were asked."),
    })
    .prefault({}),
  leastGoals: share.default(0).describe("Share of sub-goals below which a rubric pays nothing."),
  gate: z
    .enum(["any", "half"])
    .default("any")
    .describe("When a rubric pays nothing: after anything forbidden, or after more than half of what is forbidden."),
  shuffled: z
    .boolean()
    .default(false)
    .describe(
      "Control: rewards are exchanged at random between the samples of a group. Guides keep theirs: set rollout.guide=off too.",
    ),
});

export const advantage = z.strictObject({
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
  // pushed away from what failed, a small policy also loses what failures and successes share: closing braces, whole calls
  negative: share
    .default(0)
    .describe("Weight of negative advantages; 1 as in GRPO. At 0 a group teaches its successes alone (RAFT)."),
});

export const learner = z.strictObject({
  device: z.enum(["auto", "cpu", "cuda", "mps"]).default("auto").describe("Device that torch trains on."),
  dtype: z.enum(["auto", "float32", "bfloat16"]).default("auto").describe("Type of the frozen weights; adapters stay float32."),
  memory: positive
    .nullable()
    .default(null)
    .describe("Megabytes for the learner; above, it recomputes blocks and shortens rows. null: what the memory plan leaves it."),
  processes: positive.default(1).describe("GPUs to train on, one process each, by torchrun."),
  rank: positive.default(16).describe("LoRA rank, on all linear layers."),
  alpha: z.number().positive().default(32).describe("LoRA alpha."),
  // from 3e-4 two steps turn every call into words (docs/results.md)
  learningRate: z.number().positive().default(1.5e-4).describe("AdamW learning rate of the first GRPO step."),
  // at a constant rate the last steps decide whether the policy calls at all (docs/results.md)
  schedule: z
    .enum(["constant", "linear"])
    .default("linear")
    .describe("The rate of later steps: the same, or falling linearly to 0 over `steps`."),
  // with 0.9 an update is mostly that of the steps before, and what it corrects is overdone (docs/results.md)
  betas: z.tuple([share, share]).default([0.5, 0.999]).describe("AdamW betas."),
  eps: z.number().positive().default(1e-8).describe("AdamW epsilon."),
  weightDecay: z.number().min(0).default(0.01).describe("AdamW weight decay."),
  gradClip: z.number().positive().default(1).describe("Largest gradient norm."),
  tasksPerMinibatch: positive.default(2).describe("Tasks per optimizer step."),
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

export const warmup = z.strictObject({
  when: z
    .enum(["auto", "always", "never"])
    // the default policy forms its calls, but neither stops nor reports nor declines: guides alone teach that too slowly
    .default("always")
    .describe("auto: only if the probe finds that the policy seldom makes the right call."),
  from: z
    .enum(["blueprint", "teacher"])
    .default("blueprint")
    .describe("Who shows the right episodes: rules by the blueprint, or models.teacher, which plays each task `tries` times."),
  tries: positive.default(4).describe("Times that the teacher tries a task; the best approved episode is kept."),
  // 32 in one pass taught almost no refusal, 96 in two taught most (docs/results.md); 48 fit into the minutes of the preset laptop
  demonstrations: positive.default(48).describe("Number of demonstrations to build."),
  declineShare: share.default(0.3).describe("Share of demonstrations where the right answer is to make no call."),
  epochs: positive.default(2).describe("Passes over the demonstrations."),
  // 8 steps of 4 at 2e-4 taught neither to stop nor to report
  batch: positive.default(2).describe("Demonstrations per optimizer step."),
  learningRate: z
    .number()
    .positive()
    .default(5e-4)
    .describe("AdamW learning rate of the first supervised step; it falls linearly to 0."),
});

export const evaluation = z.strictObject({
  tasks: natural
    .default(24)
    .describe("Held-out tasks that report: played whole and greedily, before and after training; 0 skips them."),
  decisions: natural
    .default(48)
    .describe(
      "Held-out tasks that choose the best checkpoint: only the first turn is played; 0 skips them, and the last is the best.",
    ),
  perCell: natural
    .default(0)
    .describe(
      "Further held-out tasks of each cell, played as those that report: true pages, and each kind of tasks.driftKinds; 0 skips them.",
    ),
  base: z
    .boolean()
    .default(true)
    .describe(
      "Whether the policy that the run begins with plays the whole held-out tasks too. The untrained one's score hardly differs between runs and takes long; false saves that time. First turns it always plays.",
    ),
  heldOutKinds: z.array(z.enum(driftKinds)).default([]).describe("Kinds of drift that are never trained on, only evaluated."),
  every: positive.default(3).describe("Steps between two evaluations by first turns."),
  heldOut: share
    .nullable()
    .default(null)
    .describe(
      "Share of each domain's toolsets, or of a task set's personas, that is never trained on; null: 0.25, and 0 of your own tools.",
    ),
});

export const store = z.strictObject({
  exchanges: z
    .enum(["all", "failed", "none"])
    .default("all")
    .describe("Questions to the simulator that are stored with their replies; failed: those whose reply was refused."),
});
