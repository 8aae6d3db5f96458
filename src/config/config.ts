// Every setting of a run: one zod schema with default, unit and one sentence each. The defaults are the preset `laptop`, used by
// a bare `playact train`: measured on the default models, not published. Presets are partial configs over the defaults
// (presets.ts), files and --set override the preset, and the resolved config is stored with the run.
import { z } from "zod";
import { driftKinds } from "../types.ts";
import { natural, positive, share } from "./numbers.ts";
import { serverFault } from "./server.ts";
import { advantage, evaluation, learner, reward, rollout, store, trial, warmup } from "./training.ts";

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

const models = z.strictObject({
  policy: z
    .string()
    .refine(
      (name) => !/^https?:/i.test(name),
      "a policy is trained in this process; only models.simulator and models.teacher may be on a server",
    )
    .default("qwen2.5-coder-0.5b-instruct")
    .describe(
      "Model that is trained: a name in models/manifest.json, a path (./model.gguf), or hf:ORG/REPO/FILE.gguf (running.md#models).",
    ),
  simulator: z
    .string()
    .superRefine((name, context) => {
      const fault = serverFault(name);
      if (fault !== null) context.addIssue({ code: "custom", message: fault });
    })
    .default("qwen2.5-coder-1.5b-instruct")
    .describe(
      "Model that simulates the world (task writer, user, tools, verifier): as above, or on a server: http://HOST:PORT/v1#MODEL.",
    ),
  teacher: z
    .string()
    .superRefine((name, context) => {
      const fault = serverFault(name);
      if (fault !== null) context.addIssue({ code: "custom", message: fault });
    })
    .nullable()
    .default(null)
    .describe(
      "Model that solves the tasks of a written task set (playact synth), or shows a warm-up how (warmup.from): as the simulator; null: the simulator.",
    ),
});

/** How a policy writes its calls: the parsers are in llm/text/tool-call.ts. */
export const dialects = ["hermes", "json-fence", "llama-3.1"] as const;
export type Dialect = (typeof dialects)[number];

const policy = z.strictObject({
  adapter: z
    .string()
    .nullable()
    .default(null)
    .describe(
      "Checkpoint of another run of this home that the run goes on from: RUN, RUN@STEP, RUN@best or RUN@last; null: the untrained model.",
    ),
  dialect: z
    .enum(dialects)
    .nullable()
    .default(null)
    .describe("How the policy writes calls; null: what the manifest says of the model, or what its probe finds."),
  thinking: z
    .boolean()
    .default(false)
    .describe(
      "Whether a policy that can do both thinks before its turns, within rollout.tokensPerTurn; false: they open with an empty thought. Models without thinking are asked for none.",
    ),
});

/** What is in memory at the same time: run/residency.ts. */
export const residencies = ["together", "turns", "alternate"] as const;
export type Residency = (typeof residencies)[number];

const engine = z.strictObject({
  gpu: z.enum(["auto", "on", "off"]).default("auto").describe("CUDA or Metal: if available, required, or never."),
  threads: positive.nullable().default(null).describe("CPU threads for sampling; null uses all cores."),
  mode: z
    .enum(["fast", "reproducible"])
    .default("fast")
    .describe("reproducible: one request at a time and no reuse; bit-equal samples on a CPU, several times slower."),
  policySequences: positive
    .nullable()
    .default(null)
    .describe("Episodes decoded in parallel; null: as many as the memory plan finds room for, at most 16 (64 on an NVIDIA GPU)."),
  policyContext: positive.default(2048).describe("Context of one episode, in tokens."),
  simulatorSequences: positive
    .nullable()
    .default(null)
    .describe(
      "Simulator requests decoded in parallel; null as above, at most 8 (64 on an NVIDIA GPU). On a server: requests in flight; null is 8.",
    ),
  simulatorContext: positive.default(2560).describe("Context of one simulator request, in tokens."),
  residency: z
    .enum(["auto", ...residencies])
    .default("auto")
    .describe(
      "What frees its memory while the other computes: nothing (together), the engine's contexts (turns), or contexts and weights of the engine and the learner's weights (alternate); auto: the first of these that fits into memory.",
    ),
});

const memory = z.strictObject({
  gpu: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe("GB (1e9 bytes) of the GPU that the run is planned for and keeps to; null: what is free at its start."),
  host: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe("The same of the machine's memory; null: nine tenths of what is available at its start."),
});

const tasks = z.strictObject({
  perStep: positive.default(6).describe("Tasks (groups) per step."),
  tools: z
    .string()
    .nullable()
    .default(null)
    .describe(
      "Your own tools: a file or folder (in the format of OpenAI, MCP, Anthropic or Google, rows of a data set, BFCL function docs, a ToolBench tree), or those of a task set (taskset:NAME); null uses the embedded catalogue.",
    ),
  source: z
    .string()
    .nullable()
    .default(null)
    .describe("Task set to train on (playact synth), epoch by epoch in seeded order; null: tasks are written in the run."),
  gap: z
    .boolean()
    .default(true)
    .describe("Whether users of a task set hold back what it says; false: in training they tell all at once (ablation)."),
  restricted: z
    .boolean()
    .default(true)
    .describe("Whether the restrictions of a task set hold; false: in training nothing mentions them (ablation)."),
  skipBadTools: z.boolean().default(false).describe("Leave out tools that cannot be simulated, instead of ending the command."),
  direction: z
    .enum(["intent-first", "calls-first"])
    .default("calls-first")
    .describe("What is written first: the user's intent (as published), or the right calls with their values."),
  decline: share
    // one or two tasks of a step: in a run where some steps had none, declining was forgotten (docs/results.md)
    .default(0.25)
    .describe("Share of tasks whose needed tool is missing; the right answer is to make no call and say so."),
  twins: z
    .boolean()
    .default(true)
    .describe(
      "Make training tasks in pairs: a decline is the task beside it without the needed tools, a call the ask task beside it with every value told.",
    ),
  parallel: share.default(0.12).describe("Share of tasks that need two calls which do not depend on each other."),
  hard: share
    .default(0.4)
    .describe("Share of tasks that must hold back a value or need a second, dependent call, whatever the level."),
  attempts: positive.default(5).describe("Rounds of drafts before a task is given up: one draft, then two per round."),
  novelty: share
    .nullable()
    .default(0.92)
    .describe("Cosine of first messages above which a draft is too similar to one of the last 1,000 tasks; null is off."),
  drift: share.default(0).describe("Share of call tasks in which the page of a needed tool is not true (docs/toolmaster.md)."),
  driftKinds: z
    .array(z.enum(driftKinds))
    .default([...driftKinds])
    .describe(
      "What is not true: a parameter's name (renamed) or its options, both told by an error; or which of two tools does it (decoy), told by nothing.",
    ),
  distractors: z
    .enum(["random", "near"])
    .default("random")
    .describe(
      "Tools offered besides the needed ones: siblings and others of the domain, or tools of similar meaning that cannot do the job.",
    ),
});

/** At level 30, the start: three tools, one call, nothing held back; from level 35 every call task holds back a value. */
const difficulty = z.strictObject({
  numTools: z.number().min(0).default(0.1).describe("Tools offered: max(1, floor(x * level))."),
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
  minTurns: positive.default(1).describe("Lower bound of the limits of user turns and of tool turns."),
});

const curriculum = z.strictObject({
  start: z.number().int().min(1).max(100).default(30).describe("Level of the first step."),
  step: z.number().int().min(0).default(5).describe("Levels per change, up or down."),
  // the level of the held-out tasks: below it fewer tools are offered, and the system prompt is another
  floor: z.number().int().min(1).max(100).default(30).describe("Lowest level."),
  cap: z.number().int().min(1).max(100).default(100).describe("Highest level."),
  raiseAt: z.number().default(0.5).describe("Mean reward at or above which the level rises."),
  lowerAt: z.number().default(0).describe("Mean reward at or below which the level falls."),
  epsilon: share.default(0).describe("Probability that a task's aspects are drawn uniformly instead (soft curriculum)."),
  every: positive.default(1).describe("Steps between two changes of the level (update frequency); the last step's mean decides."),
  fixed: z.array(z.enum(aspects)).default([]).describe("Aspects that stay at their hardest, whatever the level (fixed aspects)."),
});

const simulator = z.strictObject({
  user: z
    .enum(["written", "chosen"])
    .default("chosen")
    .describe("The user's next sentence: written freely, or chosen from a menu."),
  tools: z
    .enum(["written", "blueprint", "executed"])
    .default("blueprint")
    .describe(
      "Tool results: all written by the simulator, taken from the blueprint for an expected call, or made by rule from the table of an assembled task set.",
    ),
  memory: z
    .boolean()
    .default(false)
    .describe("Whether a task's tools answer the same call in the same state alike, in all of its episodes."),
  maxCriteria: z
    .number()
    .int()
    .min(1)
    .max(5)
    .nullable()
    .default(null)
    .describe("Most criteria of a written verdict; null: 2 under 10B parameters or on a server, 3 under 20B, else 5."),
  thinking: z
    .boolean()
    .default(false)
    .describe(
      "Whether a simulator that can think does so before a reply; false: its answers open with an empty thought. Models without thinking are asked for none.",
    ),
  thinkTokens: natural.default(2048).describe("Most tokens of thinking before a simulator reply; the thinking is discarded."),
  withhold: z
    .array(z.enum(["intent", "persona", "expected-calls"]))
    .default([])
    .describe("What user, tools and verifier do not know about the task (ablation); user and verdict must both be written."),
});

/** How task sets are made (playact synth). */
const synth = z.strictObject({
  tools: z
    .enum(["assembled", "written", "catalogue"])
    .default("assembled")
    .describe(
      "Tools of a task: made by rule from a form that the simulator fills in, written by the simulator, or drawn from the catalogue (ablation).",
    ),
  solutions: positive.default(4).describe("Times that the teacher tries a written task."),
  coverage: share
    .default(0.5)
    .describe("Share of a written task's sub-goals that its solutions together must reach, or it is dropped."),
  tempted: share.default(0.5).describe("Share of the tasks whose request tempts to break the restriction."),
});

export const configSchema = z.strictObject({
  seed: z.number().int().min(0).default(1).describe("Root seed of every random draw."),
  steps: natural.default(3).describe("GRPO steps; 0: the warm-up alone."),
  keepCheckpoints: natural
    .default(2)
    .describe("Checkpoints kept besides those of step 0, the best step and the last step; older ones are removed."),
  models: models.prefault({}),
  policy: policy.prefault({}),
  engine: engine.prefault({}),
  memory: memory.prefault({}),
  tasks: tasks.prefault({}),
  difficulty: difficulty.prefault({}),
  curriculum: curriculum.prefault({}),
  simulator: simulator.prefault({}),
  synth: synth.prefault({}),
  rollout: rollout.prefault({}),
  trial: trial.prefault({}),
  reward: reward.prefault({}),
  advantage: advantage.prefault({}),
  learner: learner.prefault({}),
  warmup: warmup.prefault({}),
  evaluation: evaluation.prefault({}),
  store: store.prefault({}),
});

export type Config = z.output<typeof configSchema>;
export type ConfigInput = z.input<typeof configSchema>;
