// A demonstration: the right episode of a task by its blueprint, written in the dialect of the policy's template. It asks for the held-back
// values, makes the expected calls and reports their results; in a decline task it refuses. Nothing is sampled, so the
// log-probs are null until the learner computes them.

import type { EpisodeTemplate } from "../llm/text/template.ts";
import { formatToolCalls } from "../llm/text/tool-call.ts";
import { draws, seedFrom } from "../rng.ts";
import { spacedJson } from "../rules/json.ts";
import { spoken } from "../rules/values.ts";
import type { Task, ToolCall, Trajectory } from "../types.ts";
import { openEpisode } from "./episode.ts";

const questions = [
  (what: string) => `Could you tell me the ${what}?`,
  (what: string) => `What should I enter for the ${what}?`,
  (what: string) => `I need one more detail: the ${what}. Could you tell me?`,
  (what: string) => `Which ${what} should I use?`,
] as const;

/** The right episode of `task` as an unjudged trajectory; seeds derive from `names`. */
export function demonstrate(
  task: Task,
  names: readonly (string | number)[],
  { template, toolChars }: { readonly template: EpisodeTemplate; readonly toolChars: number },
): Trajectory {
  const random = draws(...names, "demonstration");
  const record = openEpisode(task, template, toolChars);
  const says = (text: string, calls: readonly ToolCall[] = []) => record.given(text, calls, 1);
  for (const held of task.heldBack) {
    says(random.pick(questions)(spoken(held.argument)));
    record.userTurn(held.sentence);
  }
  // calls that need nothing from each other are made in one turn
  const turns = task.dependent || task.expected.length === 0 ? task.expected.map((call) => [call]) : [task.expected];
  for (const calls of turns) {
    const made = calls.map(({ name, arguments: given }) => ({ name, arguments: given }));
    says(formatToolCalls(made, template.dialect), made);
    record.toolTurn(calls.map(({ result }) => spacedJson(result)));
  }
  says(task.report);
  return {
    task,
    author: "blueprint",
    sample: 0,
    policyVersion: 0,
    seed: seedFrom(...names),
    messages: record.messages,
    status: "terminated",
    // a user with a reply left says thanks
    stopReason: task.limits.userReplies > task.heldBack.length ? "user_done" : "answered",
    verdict: null,
    failure: null,
    seconds: 0,
    counts: {},
  };
}
