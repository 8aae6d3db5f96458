// Every metric that a run records, as data: name, unit and a sentence. docs/metrics.md and the type of a name are generated from
// it, and a test compares it with whole runs. A part in angle brackets is a placeholder: stop/<reason>. Names are TRL's for
// metrics that TRL has.
import { tryOutcomes } from "../rollout/teacher.ts";
import { rejectionStages } from "../tasks/rejection.ts";
import { stopReasons } from "../types.ts";

export interface Metric {
  readonly name: string;
  /** Unit of its values; of a count, what is counted. */
  readonly unit: string;
  readonly sentence: string;
}

/** Metrics that the learner reports for an update (UpdateReply). */
export const learnerMetrics = [
  { name: "loss", unit: "loss", sentence: "Mean loss over mini-batches, including the KL term." },
  { name: "grad_norm", unit: "norm", sentence: "Mean gradient norm over mini-batches, before clipping." },
  { name: "num_tokens", unit: "tokens", sentence: "Loss tokens of the update." },
  { name: "entropy", unit: "nats per token", sentence: "Mean entropy of the policy over the loss tokens." },
  { name: "kl", unit: "nats per token", sentence: "Mean KL to the reference model (k3); absent if learner.klCoef is 0." },
  {
    name: "skipped_steps",
    unit: "optimizer steps",
    sentence: "Optimizer steps that changed nothing: no gradient, or one that is not finite.",
  },
  { name: "clip_ratio/low_mean", unit: "share of tokens", sentence: "Tokens whose ratio was clipped from below." },
  { name: "clip_ratio/high_mean", unit: "share of tokens", sentence: "Tokens whose ratio was clipped from above." },
  { name: "clip_ratio/region_mean", unit: "share of tokens", sentence: "Tokens whose ratio was clipped on either side." },
  {
    name: "sampling/sampling_logp_difference/mean",
    unit: "nats per token",
    sentence: "Mean absolute difference of the sampler's and the learner's log-probs.",
  },
  { name: "sampling/sampling_logp_difference/max", unit: "nats", sentence: "Largest such difference." },
  { name: "sampling/importance_sampling_ratio/mean", unit: "ratio", sentence: "Mean importance weight, as used." },
  { name: "sampling/importance_sampling_ratio/std", unit: "ratio", sentence: "Standard deviation of the importance weights." },
  { name: "sampling/importance_sampling_ratio/min", unit: "ratio", sentence: "Smallest importance weight." },
  { name: "sampling/importance_sampling_ratio/max", unit: "ratio", sentence: "Largest importance weight." },
  {
    name: "sampling/effective_sample_size",
    unit: "share of tokens",
    sentence: "Effective sample size of the importance-weighted tokens.",
  },
  {
    name: "sampling/ratio_out_of_band",
    unit: "share of tokens",
    sentence: "Tokens with an importance ratio (learner to sampler) outside 0.9..1.1.",
  },
  {
    name: "guide/probability",
    unit: "probability",
    sentence: "Mean probability of the tokens of guides before the update; absent without guides.",
  },
  { name: "learner/packed_tokens", unit: "tokens", sentence: "Tokens computed, counting shared prefixes once." },
  { name: "learner/unpacked_tokens", unit: "tokens", sentence: "Tokens without sharing prefixes." },
  { name: "learner/row_tokens", unit: "tokens", sentence: "Longest packed row that the memory plan allows." },
  { name: "learner/recomputed_blocks", unit: "blocks", sentence: "Transformer blocks computed twice to save memory." },
  { name: "learner/predicted_mb", unit: "MB", sentence: "Peak memory predicted from shapes." },
  { name: "learner/peak_mb", unit: "MB", sentence: "Peak memory of the update." },
  { name: "learner/memory_retries", unit: "updates", sentence: "Updates repeated with shorter rows because memory ran out." },
  { name: "learner/seconds_forward_backward", unit: "seconds", sentence: "Forward and backward passes of the update." },
] as const satisfies readonly Metric[];

/** Metrics of the loops: steps, the warm-up (step 0, with its probe) and evaluations. */
const loopMetrics = [
  { name: "reward", unit: "reward", sentence: "Mean outcome reward of the judged episodes." },
  { name: "reward_std", unit: "reward", sentence: "Mean over groups of the standard deviation within the group." },
  { name: "frac_reward_zero_std", unit: "share of groups", sentence: "Dead groups: all samples got the same reward." },
  { name: "completions/mean_length", unit: "tokens", sentence: "Mean sampled tokens per episode." },
  { name: "rollout/trajectories", unit: "episodes", sentence: "All episodes of the step." },
  {
    name: "rollout/aborted",
    unit: "episodes",
    sentence: "Episodes aborted by a failure of the simulator or engine; left out of every mean.",
  },
  {
    name: "rollout/guided",
    unit: "groups",
    sentence:
      "Groups in which nobody solved the task, to which the right episode was added (rollout.guide). It counts in no other metric of rollouts.",
  },
  {
    name: "rollout/stopped",
    unit: "groups",
    sentence: "Groups whose second half was not played because the first half agreed (rollout.stopAgreed).",
  },
  {
    name: "rollout/spare",
    unit: "groups",
    sentence: "Groups of spare tasks, played in place of the second halves of groups that agreed on success.",
  },
  { name: "rollout/success", unit: "share of judged episodes", sentence: "Episodes in which every rule was met." },
  { name: "rollout/turns", unit: "turns", sentence: "Mean turns of the policy per episode." },
  {
    name: "rollout/samples_per_episode",
    unit: "samples",
    sentence: "Mean training samples per episode: 1 if the chat template is append-only.",
  },
  { name: "rollout/rules_differ", unit: "share of groups", sentence: "Groups whose members differ by the rules." },
  {
    name: "rollout/judged_by_model",
    unit: "share of judged episodes",
    sentence: "Episodes whose verdict includes the simulator's judgement.",
  },
  {
    name: "rollout/no_margin",
    unit: "judged episodes",
    sentence: "Episodes whose task's good and bad anchor the judge could not tell apart; judged by rules alone.",
  },
  {
    name: "rollout/judge_margin",
    unit: "nats",
    sentence: "Mean log-odds between the good and the bad anchor; absent if none was scored.",
  },
  {
    name: "rubric/forbidden",
    unit: "share of items",
    sentence: "Mean share of what is forbidden that an episode kept to (reward.verdict=rubric); also of an evaluation.",
  },
  {
    name: "rubric/sub_goals",
    unit: "share of items",
    sentence: "The same of the sub-goals that it reached.",
  },
  {
    name: "rubric/questions",
    unit: "share of items",
    sentence: "The same of the values to ask for that it asked for before it used them; absent if no task holds one back.",
  },
  {
    name: "trial/turns",
    unit: "turns",
    sentence:
      "Mean turns of judged episodes that tried tools before they acted (docs/toolmaster.md), refused ones included; also of an evaluation. Like the other metrics of trials absent where there are neither trials nor untrue pages.",
  },
  {
    name: "trial/telling",
    unit: "calls",
    sentence:
      "Mean calls of such turns that told something: the first answer of a needed tool or its decoy, or the first error that says what is right.",
  },
  { name: "trial/idle", unit: "calls", sentence: "The same of those that told nothing." },
  {
    name: "trial/harm",
    unit: "share of judged episodes",
    sentence: "Episodes in which a call was carried out that changes something and that nobody wanted.",
  },
  {
    name: "trial/solved",
    unit: "share of judged episodes",
    sentence: "Episodes in which in the end all was done that was wanted, without harm, whatever was tried or refused before.",
  },
  { name: "rollout/temperature", unit: "temperature", sentence: "Sampling temperature of the step." },
  {
    name: "rollout/blamed/<party>",
    unit: "episodes",
    sentence: "Bad endings by the party at fault; the view blame_summary has the codes.",
  },
  { name: "stop/<reason>", unit: "episodes", sentence: `Episodes by what ended them: ${stopReasons.join(", ")}.` },
  { name: "curriculum/level", unit: "level", sentence: "Level of the step's tasks, 1 to 100." },
  { name: "curriculum/num_tools", unit: "tools", sentence: "Mean over the step's tasks, as ordered: tools offered." },
  { name: "curriculum/expected_tool_calls", unit: "calls", sentence: "The same: calls needed." },
  { name: "curriculum/user_persona", unit: "0..2", sentence: "The same: expert to novice." },
  { name: "curriculum/query_ambiguity", unit: "0..2", sentence: "The same: how much the first message holds back." },
  { name: "curriculum/expected_turns", unit: "0..2", sentence: "The same: length of the conversation." },
  { name: "curriculum/num_criteria", unit: "criteria", sentence: "The same: criteria judged." },
  { name: "curriculum/system_prompt", unit: "0..3", sentence: "The same: from detailed to one default sentence." },
  { name: "curriculum/max_user_turns", unit: "turns", sentence: "The same: most replies of the user." },
  { name: "curriculum/max_assistant_turns", unit: "turns", sentence: "The same: most turns of the policy." },
  { name: "curriculum/max_tool_turns", unit: "turns", sentence: "The same: most turns with tools." },
  { name: "tasks/written", unit: "tasks", sentence: "Tasks written." },
  { name: "tasks/missing", unit: "tasks", sentence: "Tasks given up after every round of drafts." },
  { name: "tasks/rejected/<stage>", unit: "drafts", sentence: `Rejected drafts, by reason: ${rejectionStages.join(", ")}.` },
  {
    name: "tasks/plain_messages",
    unit: "tasks",
    sentence: "Tasks whose first message was built by rule because the written ones were rejected.",
  },
  {
    name: "tasks/novelty",
    unit: "1 - cosine",
    sentence: "Mean distance of a first message to the most similar earlier one; absent if tasks.novelty is null.",
  },
  { name: "simulator/replies", unit: "replies", sentence: "Replies received from the simulator." },
  { name: "simulator/unparsed", unit: "replies", sentence: "Replies that were not valid JSON." },
  { name: "simulator/retried", unit: "questions", sentence: "Questions asked again, for any reason." },
  {
    name: "simulator/contradictions",
    unit: "replies",
    sentence: "Tool results that contradicted earlier ones and were asked for again.",
  },
  {
    name: "simulator/retried/<role>",
    unit: "questions",
    sentence: "Questions asked again, by role: task, user, tool, verifier.",
  },
  {
    name: "canary/honest",
    unit: "reward",
    sentence: "Of an evaluation: mean reward of a true report after right calls, by the run's own verdict.",
  },
  { name: "canary/flattering", unit: "reward", sentence: "The same of a report that flatters and says nothing." },
  { name: "simulator/tokens_in/<role>", unit: "tokens", sentence: "Tokens read by the simulator, by role." },
  {
    name: "simulator/tokens_out/<role>",
    unit: "tokens",
    sentence: "Tokens written by the simulator, including thinking, by role.",
  },
  {
    name: "simulator/refused/<kind>",
    unit: "calls",
    sentence:
      "Calls refused by rule: unknown_tool, wrong_arguments, invented_id, failed (by an executed tool), too_many, malformed, no_trial.",
  },
  {
    name: "simulator/aborted/<boundary>/<code>",
    unit: "episodes",
    sentence: "Aborted episodes, by who failed and how, e.g. tool/deadline.",
  },
  {
    name: "probe/right",
    unit: "share of first turns",
    sentence:
      "First turns of the base policy whose first call is the right one, on the tasks of the probe, in the run's dialect (with warmup.when=auto).",
  },
  {
    name: "probe/well_formed",
    unit: "share of first turns",
    sentence: "Those with a call and no malformed one.",
  },
  { name: "probe/append_only", unit: "0 or 1", sentence: "1 if the chat template never renders an earlier turn differently." },
  { name: "warmup/approved", unit: "demonstrations", sentence: "Demonstrations that passed the rules and were trained on." },
  { name: "warmup/rejected", unit: "demonstrations", sentence: "Demonstrations that were not trained on." },
  {
    name: "teacher/<outcome>",
    unit: "tries",
    sentence: `Tries of the teacher, by what became of them (warmup.from=teacher): ${tryOutcomes.join(", ")}. Of the right ones of a task one is kept.`,
  },
  { name: "learning_rate", unit: "rate", sentence: "Learning rate of the step's update." },
  {
    name: "learner/left_out",
    unit: "episodes",
    sentence: "Episodes longer than fits into the learner's memory, which the update left out.",
  },
  {
    name: "learner/planned_mb",
    unit: "MB",
    sentence: "What the memory plan expects at the peak of an update with full rows; learner/peak_mb is what was used.",
  },
  { name: "engine/planned_mb", unit: "MB", sentence: "Memory of the engine in the plan." },
  {
    name: "engine/used_mb",
    unit: "MB",
    sentence: "Memory of the engine at the step's end: on an NVIDIA GPU its models and contexts, elsewhere the whole process.",
  },
  { name: "learner/restarts", unit: "restarts", sentence: "Restarts of the learner process so far." },
  { name: "sampling/gap_alarm", unit: "0 or 1", sentence: "1 if sampling/ratio_out_of_band is above learner.gapAlarm." },
  {
    name: "adapter/probe_gap",
    unit: "nats per token",
    sentence: "Log-prob difference between engine and learner on the probe text, after the swap.",
  },
  { name: "adapter/probe_moved", unit: "nats per token", sentence: "Log-prob change on the probe text by the swap." },
  {
    name: "engine/resting_mb",
    unit: "MB",
    sentence:
      "What the engine's process used while the learner trained (on a GPU: all that was used there); absent where both stay in memory.",
  },
  {
    name: "learner/resting_mb",
    unit: "MB",
    sentence: "What the learner held after its turn; absent as above.",
  },
  { name: "time/tasks", unit: "seconds", sentence: "Writing the tasks." },
  { name: "time/demonstrations", unit: "seconds", sentence: "Building the warm-up's demonstrations." },
  { name: "time/rollout", unit: "seconds", sentence: "Playing and judging the episodes." },
  { name: "time/update", unit: "seconds", sentence: "The update." },
  { name: "time/swap", unit: "seconds", sentence: "Saving the adapter and swapping it in." },
  { name: "step_time", unit: "seconds", sentence: "The whole step, as far as this process ran it." },
] as const satisfies readonly Metric[];

export const metricList: readonly Metric[] = [...loopMetrics, ...learnerMetrics];

type Listed = (typeof loopMetrics | typeof learnerMetrics)[number]["name"];
type Open = Extract<Listed, `${string}<${string}`>;
/** A recorded name: any text in place of the angle brackets. */
type Recorded<Name> = Name extends `${infer Before}<${string}>${infer After}` ? `${Before}${string}${Recorded<After>}` : Name;

/** Numbers by the names of the list; a metric without a value is absent. */
export type Metrics = { readonly [name in Recorded<Open> & string]: number } & {
  readonly [name in Exclude<Listed, Open>]?: number;
};
