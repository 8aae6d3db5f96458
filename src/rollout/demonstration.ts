// A demonstration: the right episode of a task by its blueprint, in the dialect of the policy's template. It asks for the held-back
// values, makes the expected calls and reports their results; in a decline task it refuses. A turn of calls that the policy makes
// right itself stays in its own words, so that training on it changes nothing that it can do. No log-probs are known until the
// learner computes them.

import type { Config } from "../config/config.ts";
import { finalAnswer } from "../llm/text/final-answer.ts";
import type { EpisodeTemplate } from "../llm/text/template.ts";
import { formatToolCalls, parseToolCalls } from "../llm/text/tool-call.ts";
import { draws, seedFrom } from "../rng.ts";
import { spacedJson } from "../rules/json.ts";
import { isSameCall, spoken } from "../rules/values.ts";
import type { StopReason, Task, ToolCall, ToolSpec, Trajectory } from "../types.ts";
import { type OwnTurn, openEpisode } from "./episode.ts";

const questions = [
  (what: string) => `Could you tell me the ${what}?`,
  (what: string) => `What should I enter for the ${what}?`,
  (what: string) => `I need one more detail: the ${what}. Could you tell me?`,
  (what: string) => `Which ${what} should I use?`,
] as const;

/** How a demonstration is written. */
export interface Demonstrating {
  readonly template: EpisodeTemplate;
  readonly toolChars: number;
  /** Who ends the episode; absent: the user. */
  readonly ends?: Config["rollout"]["ends"];
  /** What the policy would say after these ids; null if it came to no end. Absent: all turns are written by rule. */
  readonly say?: (ids: readonly number[]) => Promise<OwnTurn | null>;
}

/** The right episode of `task` as an unjudged trajectory; seeds derive from `names`. */
export async function demonstrate(
  task: Task,
  names: readonly (string | number)[],
  { template, toolChars, ends = "user", say }: Demonstrating,
): Promise<Trajectory> {
  const random = draws(...names, "demonstration");
  const record = openEpisode(task, template, { toolChars, ends });
  for (const held of task.heldBack) {
    record.given(random.pick(questions)(spoken(held.argument)), [], 1);
    record.userTurn(held.sentence);
  }
  // calls that need nothing from each other are made in one turn
  const turns = task.dependent || task.expected.length === 0 ? task.expected.map((call) => [call]) : [task.expected];
  for (const calls of turns) {
    const made = calls.map(({ name, arguments: given }) => ({ name, arguments: given }));
    const said = (await say?.([...record.ids])) ?? null;
    const own = said === null ? null : parseToolCalls(said.text, template.dialect);
    if (said !== null && own !== null && own.errors.length === 0 && own.rest === "" && areSame(own.calls, made, task.tools))
      record.given(said, own.calls, 1);
    else record.given(formatToolCalls(made, template.dialect), made, 1);
    record.toolTurn(calls.map(({ result }) => spacedJson(result)));
  }
  record.given(ends === "answer" ? finalAnswer(task.report) : task.report, [], 1);
  return {
    task,
    author: "blueprint",
    sample: 0,
    policyVersion: 0,
    seed: seedFrom(...names),
    messages: record.messages,
    status: "terminated",
    stopReason: stopReasonOf(task, ends),
    verdict: null,
    failure: null,
    seconds: 0,
    counts: {},
  };
}

function stopReasonOf({ limits, heldBack }: Task, ends: Config["rollout"]["ends"]): StopReason {
  if (ends === "answer") return "final_answer";
  return limits.userReplies > heldBack.length ? "user_done" : "answered"; // a user with a reply left says thanks
}

/** The same calls in the same order, which is that of their results. */
function areSame(own: readonly ToolCall[], expected: readonly ToolCall[], tools: readonly ToolSpec[]): boolean {
  return own.length === expected.length && expected.every((call, at) => isSameCall(call, own[at] ?? call, tools));
}
