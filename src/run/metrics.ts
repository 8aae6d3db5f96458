// Metrics of one step, with TRL's names for metrics that TRL has (reward, reward_std, frac_reward_zero_std, completions/…). Pure.
import { isJudged, type ScoredGroup } from "../reward/assign.ts";
import { shareMet } from "../reward/rubric.ts";
import { blameFor } from "../rules/blame.ts";
import { count, newUsage, type Usage } from "../simulator/usage.ts";
import type { RubricSection, Trajectory } from "../types.ts";
import type { Metrics } from "./metric-list.ts";

/**
 * Metrics of a step's groups. Aborted episodes (and rewards that are not numbers) are counted and otherwise left out. Counts, and
 * what compares the members of a group, are over all sampled episodes; means over episodes are over those that were played
 * whatever the others came to (Group.unconditional), so that stopping groups moves no mean. No guide is in any of them.
 */
export function groupMetrics(groups: readonly ScoredGroup[]): Metrics {
  const all = groups.flatMap((group) => group.trajectories);
  const judged = groups.flatMap(unconditional).filter(isJudged);
  const rewards = judged.map((trajectory) => trajectory.verdict.reward);
  const lengths = judged.map(sampledTokens);
  const spreads = groups.map((group) => deviation(group.trajectories.filter(isJudged).map(({ verdict }) => verdict.reward)));
  const outcomes = groups.map(
    (group) => new Set(group.trajectories.filter(isJudged).map(({ verdict }) => verdict.rules.toFixed(3))),
  );
  const margins = judged.flatMap(({ verdict }) => verdict.margin ?? []);
  return {
    ...(judged.length === 0
      ? {}
      : {
          ...{ reward: mean(rewards), reward_std: mean(spreads), "completions/mean_length": mean(lengths) },
          "rollout/success": mean(judged.map((trajectory) => Number(trajectory.verdict.rules === 1))),
          "rollout/turns": mean(judged.map(({ messages }) => messages.filter(({ role }) => role === "assistant").length)),
          "rollout/samples_per_episode": mean(judged.map(trainingSamplesOf)),
          "rollout/judged_by_model": mean(judged.map((trajectory) => Number(trajectory.verdict.judge !== null))),
        }),
    frac_reward_zero_std: mean(groups.map((group) => Number(group.agreed))),
    "rollout/trajectories": all.length,
    "rollout/aborted": all.length - all.filter(isJudged).length,
    "rollout/guided": groups.filter(({ guide }) => guide !== undefined).length,
    "rollout/stopped": groups.filter(({ stopped }) => stopped).length,
    "rollout/spare": groups.filter(({ unconditional }) => unconditional === 0).length,
    "rollout/rules_differ": mean(outcomes.map((outcome) => Number(outcome.size > 1))),
    "rollout/no_margin": margins.filter((margin) => margin <= 0).length,
    ...(margins.length === 0 ? {} : { "rollout/judge_margin": mean(margins) }),
    ...tallied(all.map(({ stopReason }) => `stop/${stopReason}`)),
    ...tallied(all.flatMap((trajectory) => blameFor(trajectory) ?? []).map(({ party }) => `rollout/blamed/${party}`)),
    ...tallied(all.flatMap(({ failure }) => failure ?? []).map(({ boundary, code }) => `simulator/aborted/${boundary}/${code}`)),
    ...refusals(all),
    ...rubricMetrics(judged),
    ...trialMetrics(judged),
  };
}

/** Mean shares of the items of rubrics that judged episodes met, by section; one that no episode has is absent. */
export function rubricMetrics(trajectories: readonly Trajectory[]): Metrics {
  const share = (name: "rubric/forbidden" | "rubric/sub_goals" | "rubric/questions", section: RubricSection): Metrics => {
    const shares = trajectories.filter(isJudged).flatMap(({ verdict }) => shareMet(verdict.items ?? [], section) ?? []);
    return shares.length === 0 ? {} : { [name]: mean(shares) };
  };
  return {
    ...share("rubric/forbidden", "forbidden"),
    ...share("rubric/sub_goals", "subGoals"),
    ...share("rubric/questions", "questions"),
  };
}

/** Of judged episodes whose trials were counted (reward/trials.ts): their means; absent where none was. */
export function trialMetrics(trajectories: readonly Trajectory[]): Metrics {
  const counted = trajectories.filter(isJudged).filter(({ counts }) => counts["trial/turns"] !== undefined);
  if (counted.length === 0) return {};
  const each = (of: (counts: Trajectory["counts"]) => number | undefined) => mean(counted.map(({ counts }) => of(counts) ?? 0));
  return {
    "trial/turns": each((counts) => counts["trial/turns"]),
    "trial/telling": each((counts) => counts["trial/telling"]),
    "trial/idle": each((counts) => counts["trial/idle"]),
    "trial/harm": each((counts) => Number((counts["trial/harm"] ?? 0) > 0)),
    "trial/solved": each((counts) => counts["trial/solved"]),
  };
}

function unconditional(group: ScoredGroup): readonly Trajectory[] {
  const { unconditional: below = Number.POSITIVE_INFINITY } = group;
  return group.trajectories.filter(({ sample }) => sample < below);
}

/** How often each name occurs. */
function tallied(names: readonly string[]): Metrics {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Calls that a rule refused, by kind. */
function refusals(trajectories: readonly Trajectory[]): Metrics {
  const counts: Record<string, number> = {};
  for (const [name, value] of trajectories.flatMap((trajectory) => Object.entries(trajectory.counts)))
    if (name.startsWith("refused/")) counts[`simulator/${name}`] = (counts[`simulator/${name}`] ?? 0) + value;
  return counts;
}

/** The sampler-learner gap over the tokens of these samples: old (learner) against behaviour (sampler) log-probs. */
export function gapMetrics(pairs: readonly { readonly old: number; readonly behaviour: number }[]): Metrics {
  const differences = pairs.map(({ old, behaviour }) => Math.abs(old - behaviour));
  const outside = pairs.filter(({ old, behaviour }) => Math.abs(Math.exp(old - behaviour) - 1) > 0.1).length;
  return {
    "sampling/sampling_logp_difference/mean": mean(differences),
    "sampling/sampling_logp_difference/max": differences.reduce((most, value) => Math.max(most, value), 0),
    "sampling/ratio_out_of_band": outside / Math.max(1, pairs.length),
  };
}

/** Simulator usage since `before`; without it, the total. */
export function simulatorMetrics(now: Usage, before: Usage = newUsage()): Metrics {
  const since = (name: keyof Usage) => now[name] - before[name];
  const perRole = (["task", "user", "tool", "verifier"] as const).flatMap((role) => [
    [`simulator/tokens_in/${role}`, since(`tokens_in/${role}`)],
    [`simulator/tokens_out/${role}`, since(`tokens_out/${role}`)],
    [`simulator/retried/${role}`, since(`retried/${role}`)],
  ]);
  return {
    "simulator/replies": since("replies"),
    "simulator/unparsed": since("unparsed"),
    "simulator/retried": since("retried"),
    "simulator/contradictions": since("contradictions"),
    ...Object.fromEntries(perRole),
  };
}

/** Simulator usage of these episodes, from their records, so that it is complete after any number of resumes. */
export function usageMetrics(trajectories: readonly Trajectory[]): Metrics {
  const sum = newUsage();
  for (const { counts } of trajectories)
    count(sum, Object.fromEntries(Object.entries(counts).filter(([name]) => Object.hasOwn(sum, name))));
  return { ...simulatorMetrics(sum), ...refusals(trajectories) };
}

function sampledTokens(trajectory: Trajectory): number {
  return trajectory.messages.reduce((sum, message) => sum + (message.logprobs === null ? 0 : message.ids.length), 0);
}

/** One, and one more for each time that the template rendered the conversation again. */
function trainingSamplesOf({ messages }: Trajectory): number {
  return new Set(messages.map(({ sample }) => sample)).size;
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation (n - 1); 0 for fewer than two values. */
export function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}
