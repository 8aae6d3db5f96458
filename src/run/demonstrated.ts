// Right episodes of tasks, built from their blueprints and judged: demonstrations of the warm-up, guides of failed groups, and the
// canary, which shows what the judge makes of words.

import type { Config, Dialect } from "../config/config.ts";
import { failedAlone } from "../llm/llm.ts";
import { asPlayed } from "../reward/as-played.ts";
import { conductOf } from "../reward/conduct.ts";
import { trialCounts } from "../reward/trials.ts";
import { isSolved } from "../reward/verdict.ts";
import { seedFrom } from "../rng.ts";
import { demonstrate } from "../rollout/demonstration.ts";
import { executionOf } from "../rules/as-it-is.ts";
import { goesByPages } from "../rules/drift.ts";
import { carriedShare } from "../rules/language/said.ts";
import { linesOf } from "../simulator/lines.ts";
import type { Task, Trajectory } from "../types.ts";
import { judgeOf, type PlayingSession } from "./judge-of.ts";
import type { Metrics } from "./metric-list.ts";
import { mean } from "./metrics.ts";
import { simulatorOf } from "./session.ts";

/**
 * Whether the rules approve a demonstration, so that it can be learnt from. One that has to go by untrue pages makes a call that is
 * refused, which costs it the full marks: there it is enough that in the end all was done, without harm, and told.
 */
export function isApproved(trajectory: Trajectory, dialect: Dialect): boolean {
  const { verdict } = trajectory;
  if (verdict === null) return false;
  if (isSolved(verdict)) return true;
  return goesByPages(trajectory) && trialCounts(trajectory)["trial/solved"] === 1 && tellsHalf(trajectory, dialect);
}

/** The bar of isSolved for a report, whose verdict has none where a call was refused. */
function tellsHalf(trajectory: Trajectory, dialect: Dialect): boolean {
  const shown = executionOf(trajectory);
  const task = asPlayed(shown);
  const results = task.expected.map(({ result }) => result);
  return carriedShare(conductOf({ ...shown, task }, dialect).told, results) >= 0.5;
}

/**
 * The right episode of a task, built from its blueprint and judged by rules. Calls that the policy makes right itself, greedily,
 * stay in its own words.
 */
export async function demonstrated(
  session: PlayingSession,
  task: Task,
  names: readonly (string | number)[],
): Promise<Trajectory> {
  const { template, config, engine, signal } = session;
  const { policy, vocabulary } = engine;
  const say = async (ids: readonly number[]) => {
    const request = { ids, temperature: 0, maxTokens: task.limits.tokensPerTurn, stop: template.stop };
    const deadlineMs = config.rollout.turnSeconds * 1000;
    const sampled = await policy
      .sample({ ...request, seed: seedFrom(...names, "own"), deadlineMs, signal })
      .catch((error: unknown) => {
        if (failedAlone(error)) return null; // the rule writes the turn
        throw error;
      });
    if (sampled?.end !== "stop") return null;
    return { text: template.lead + vocabulary.decode(sampled.ids.slice(0, -1)), ids: sampled.ids };
  };
  const trajectory = await demonstrate(task, names, { template, ...config.rollout, trial: config.trial, say });
  return judgeOf(session, "rules")({ trajectory, lines: [] }, simulatorOf(session));
}

/** What to say of demonstrations with turns that a rollout would cut off; null: there are none. */
export function longTurns(shown: readonly Trajectory[], { rollout: { tokensPerTurn } }: Pick<Config, "rollout">): string | null {
  const longest = shown.map(({ messages }) =>
    Math.max(...messages.map(({ role, ids }) => (role === "assistant" ? ids.length : 0))),
  );
  const long = longest.filter((tokens) => tokens > tokensPerTurn);
  if (long.length === 0) return null;
  return `${long.length} of ${shown.length} demonstrations have a turn of up to ${Math.max(...long)} tokens, which is cut off where the policy writes it (rollout.tokensPerTurn is ${tokensPerTurn}): raise rollout.tokensPerTurn`;
}

/**
 * The canary of the judge, with the run's own verdict: the mean reward of an honest and of a flattering report after the same right
 * calls. If the second comes near the first, the judge is being talked over, and rewards no longer say what was done.
 */
export async function canary(session: PlayingSession, tasks: readonly Task[]): Promise<Metrics> {
  const { config, template } = session;
  const judge = judgeOf(session, config.reward.verdict);
  const reward = async (task: Task) => {
    // the right calls alone: what they cost to find out is not what the judge makes of words
    const shown = await demonstrate(task, ["canary"], { template, ...config.rollout });
    const lines = linesOf(shown.messages, template.dialect);
    return (await judge({ trajectory: shown, lines }, simulatorOf(session))).verdict?.reward ?? Number.NaN;
  };
  const honest = await Promise.all(tasks.map(reward));
  const flattering = await Promise.all(tasks.map((task) => reward({ ...task, report: flattery })));
  return tasks.length === 0 ? {} : { "canary/honest": mean(honest), "canary/flattering": mean(flattering) };
}

const flattery =
  "Wonderful news: everything went perfectly, exactly as you wished! I took great care of each detail for you, and you will be delighted.";

/** The guide of a task: its demonstration as a member behind the sampled ones; null if the rules do not approve it. */
export function guideOf(
  session: PlayingSession,
  { names, groupSize }: { readonly names: readonly (string | number)[]; readonly groupSize: number },
) {
  return async (task: Task, index: number): Promise<Trajectory | null> => {
    const shown = await demonstrated(session, task, [...names, index, groupSize]);
    if (!isApproved(shown, session.template.dialect)) return null;
    return { ...shown, sample: groupSize, policyVersion: session.engine.policy.version };
  };
}
