// Every metric that a run records, as data: name, unit and a sentence. The pages and the type of a name are made of it, and a
// test holds it against whole runs. A part in angle brackets stands for whatever is counted: stop/<reason>. Names are TRL's
// where TRL has one.
import { rejectionStages } from "../tasks/rejection.ts";
import { stopReasons } from "../types.ts";

export interface Metric {
  readonly name: string;
  /** Of its values: a plain count says what is counted. */
  readonly unit: string;
  readonly sentence: string;
}

/** What the learner says of an update, as the port's UpdateReply has it. */
export const learnerMetrics = [
  { name: "loss", unit: "loss", sentence: "Mean over mini-batches of the loss, the KL's part in it." },
  { name: "grad_norm", unit: "norm", sentence: "Mean over mini-batches of the gradient's norm, before it is clipped." },
  { name: "num_tokens", unit: "tokens", sentence: "Trained tokens of the update." },
  { name: "entropy", unit: "nats a token", sentence: "Mean entropy of the policy over the trained tokens." },
  { name: "kl", unit: "nats a token", sentence: "Mean KL to the bare model (k3); absent where learner.klCoef is 0." },
  {
    name: "skipped_steps",
    unit: "optimizer steps",
    sentence: "Those that changed nothing: no gradient, or one that is not finite.",
  },
  { name: "clip_ratio/low_mean", unit: "share of tokens", sentence: "Ratio clipped from below." },
  { name: "clip_ratio/high_mean", unit: "share of tokens", sentence: "Ratio clipped from above." },
  { name: "clip_ratio/region_mean", unit: "share of tokens", sentence: "Ratio clipped on either side." },
  {
    name: "sampling/sampling_logp_difference/mean",
    unit: "nats a token",
    sentence: "Mean gap of the sampler's and the learner's log-probs.",
  },
  { name: "sampling/sampling_logp_difference/max", unit: "nats", sentence: "Largest such gap." },
  { name: "sampling/importance_sampling_ratio/mean", unit: "ratio", sentence: "Mean importance weight, as it was used." },
  { name: "sampling/importance_sampling_ratio/std", unit: "ratio", sentence: "Standard deviation of the importance weights." },
  { name: "sampling/importance_sampling_ratio/min", unit: "ratio", sentence: "Smallest importance weight." },
  { name: "sampling/importance_sampling_ratio/max", unit: "ratio", sentence: "Largest importance weight." },
  {
    name: "sampling/effective_sample_size",
    unit: "share of tokens",
    sentence: "How many tokens of equal weight the weighed ones are worth.",
  },
  {
    name: "sampling/ratio_out_of_band",
    unit: "share of tokens",
    sentence: "Importance ratio, learner against sampler, outside 0.9..1.1.",
  },
  { name: "learner/packed_tokens", unit: "tokens", sentence: "Tokens computed, shared prefixes once." },
  { name: "learner/unpacked_tokens", unit: "tokens", sentence: "Tokens there would be without sharing prefixes." },
  { name: "learner/row_tokens", unit: "tokens", sentence: "Longest packed row that the memory plan allows." },
  { name: "learner/recomputed_blocks", unit: "blocks", sentence: "Transformer blocks computed twice to save memory." },
  { name: "learner/predicted_mb", unit: "MB", sentence: "Peak memory as planned from shapes." },
  { name: "learner/peak_mb", unit: "MB", sentence: "Largest memory of the update." },
  { name: "learner/memory_retries", unit: "updates", sentence: "Done again in shorter rows because memory ended." },
  { name: "learner/seconds_forward_backward", unit: "seconds", sentence: "Time of the update in the learner." },
] as const satisfies readonly Metric[];

/** What the loops record: steps, the warm-up (step 0, with the probe before it) and evaluations. */
const loopMetrics = [
  { name: "reward", unit: "reward", sentence: "Mean outcome reward of the judged episodes." },
  { name: "reward_std", unit: "reward", sentence: "Mean over groups of the standard deviation within." },
  { name: "frac_reward_zero_std", unit: "share of groups", sentence: "Groups without an advantage (dead)." },
  { name: "completions/mean_length", unit: "tokens", sentence: "Mean sampled tokens of an episode." },
  { name: "rollout/trajectories", unit: "episodes", sentence: "All episodes of the step." },
  { name: "rollout/aborted", unit: "episodes", sentence: "Those that the world failed, left out of every mean." },
  { name: "rollout/success", unit: "share of judged episodes", sentence: "Every rule was met." },
  { name: "rollout/turns", unit: "turns", sentence: "Mean turns of the policy." },
  {
    name: "rollout/samples_per_episode",
    unit: "samples",
    sentence: "Mean training samples of an episode: 1 where the chat template only appends.",
  },
  { name: "rollout/rules_differ", unit: "share of groups", sentence: "Groups whose members the rules tell apart." },
  { name: "rollout/judged_by_model", unit: "share of judged episodes", sentence: "The simulator had a part in the verdict." },
  {
    name: "rollout/no_margin",
    unit: "judged episodes",
    sentence: "Tasks whose good and bad end the judge could not tell apart: rules judged alone.",
  },
  {
    name: "rollout/judge_margin",
    unit: "nats",
    sentence: "Mean distance of those ends in log-odds; absent where none was read.",
  },
  { name: "rollout/temperature", unit: "temperature", sentence: "The step's sampling temperature." },
  {
    name: "rollout/blamed/<party>",
    unit: "episodes",
    sentence: "Bad endings by the party at fault; the view blame_summary has the codes.",
  },
  { name: "stop/<reason>", unit: "episodes", sentence: `By what ended them: ${stopReasons.join(", ")}.` },
  { name: "curriculum/level", unit: "level", sentence: "Level of the step's tasks, 1 to 100." },
  { name: "curriculum/num_tools", unit: "tools", sentence: "Mean over the ordered tasks: tools offered." },
  { name: "curriculum/expected_tool_calls", unit: "calls", sentence: "The same: calls needed." },
  { name: "curriculum/user_persona", unit: "0..2", sentence: "The same: expert to novice." },
  { name: "curriculum/query_ambiguity", unit: "0..2", sentence: "The same: how much the first message holds back." },
  { name: "curriculum/expected_turns", unit: "0..2", sentence: "The same: length of the talk." },
  { name: "curriculum/num_criteria", unit: "criteria", sentence: "The same: criteria judged." },
  { name: "curriculum/system_prompt", unit: "0..3", sentence: "The same: detailed to one default sentence." },
  { name: "curriculum/max_user_turns", unit: "turns", sentence: "The same: most replies of the user." },
  { name: "curriculum/max_assistant_turns", unit: "turns", sentence: "The same: most turns of the policy." },
  { name: "curriculum/max_tool_turns", unit: "turns", sentence: "The same: most turns with tools." },
  { name: "tasks/written", unit: "tasks", sentence: "Tasks drawn." },
  { name: "tasks/missing", unit: "tasks", sentence: "Tasks given up after every round of drafts." },
  { name: "tasks/rejected/<stage>", unit: "drafts", sentence: `Drawn again, by what was wrong: ${rejectionStages.join(", ")}.` },
  {
    name: "tasks/plain_messages",
    unit: "tasks",
    sentence: "First messages built by rule, because the written ones were no good.",
  },
  {
    name: "tasks/novelty",
    unit: "1 - cosine",
    sentence: "Mean distance of a first message to the nearest earlier one; absent where tasks.novelty is null.",
  },
  { name: "simulator/replies", unit: "replies", sentence: "Those that came." },
  { name: "simulator/unparsed", unit: "replies", sentence: "Those that were no JSON as they came." },
  { name: "simulator/retried", unit: "questions", sentence: "Asked once more, for whatever reason." },
  {
    name: "simulator/contradictions",
    unit: "replies",
    sentence: "Results of tools that denied what tools had stated, asked for again.",
  },
  { name: "simulator/retried/<role>", unit: "questions", sentence: "Asked once more, by role: task, user, tool, verifier." },
  { name: "simulator/tokens_in/<role>", unit: "tokens", sentence: "Read by the simulator, by role." },
  { name: "simulator/tokens_out/<role>", unit: "tokens", sentence: "Written by the simulator, thinking too, by role." },
  {
    name: "simulator/refused/<kind>",
    unit: "calls",
    sentence: "Refused by rule: unknown_tool, wrong_arguments, invented_id, too_many, malformed.",
  },
  { name: "simulator/aborted/<boundary>/<code>", unit: "episodes", sentence: "Aborted, by who failed and how: tool/deadline." },
  { name: "probe/well_formed/<dialect>", unit: "share of first turns", sentence: "With a well-formed call, before the warm-up." },
  {
    name: "probe/marker_cosine",
    unit: "cosine",
    sentence: "Likeness of the embedding rows of a call's tags: near 1 they were never trained.",
  },
  { name: "probe/append_only", unit: "0 or 1", sentence: "1 where the chat template never writes an earlier turn anew." },
  { name: "warmup/approved", unit: "demonstrations", sentence: "Trained on: the rules approve them." },
  { name: "warmup/rejected", unit: "demonstrations", sentence: "Not trained on." },
  { name: "learning_rate", unit: "rate", sentence: "Of the step's update." },
  { name: "learner/restarts", unit: "restarts", sentence: "Learner processes started anew so far." },
  { name: "sampling/gap_alarm", unit: "0 or 1", sentence: "1 where sampling/ratio_out_of_band is above learner.gapAlarm." },
  { name: "adapter/probe_gap", unit: "nats a token", sentence: "After the swap: engine against learner on the probe text." },
  { name: "adapter/probe_moved", unit: "nats a token", sentence: "Change of the policy on the probe text by the swap." },
  { name: "time/tasks", unit: "seconds", sentence: "Writing the tasks." },
  { name: "time/demonstrations", unit: "seconds", sentence: "Building the warm-up's demonstrations." },
  { name: "time/rollout", unit: "seconds", sentence: "Playing and judging the episodes." },
  { name: "time/update", unit: "seconds", sentence: "The update." },
  { name: "time/swap", unit: "seconds", sentence: "Saving the adapter and swapping it in." },
  { name: "step_time", unit: "seconds", sentence: "All of the step, as far as this process did it." },
] as const satisfies readonly Metric[];

export const metricList: readonly Metric[] = [...loopMetrics, ...learnerMetrics];

type Listed = (typeof loopMetrics | typeof learnerMetrics)[number]["name"];
type Open = Extract<Listed, `${string}<${string}`>;
/** A name as it is recorded: whatever stands in the place of its angle brackets. */
type Recorded<Name> = Name extends `${infer Before}<${string}>${infer After}` ? `${Before}${string}${Recorded<After>}` : Name;

/** Numbers by the names of the list; a metric without a value is absent. */
export type Metrics = { readonly [name in Recorded<Open> & string]: number } & {
  readonly [name in Exclude<Listed, Open>]?: number;
};
