// A demonstration: the episode that a task's blueprint says is right, written in the policy's own dialect. It asks for what
// is held back, makes the expected calls and reports their results; in a decline task it refuses. Nothing is sampled, so
// the log-probs are null until the learner has read them.

import type { Vocabulary } from "../llm/llm.ts";
import type { EpisodeTemplate, WrittenText } from "../llm/text/template.ts";
import { type Dialect, formatToolCall } from "../llm/text/tool-call.ts";
import { draws, seedFrom } from "../rng.ts";
import { spacedJson } from "../rules/json.ts";
import { spoken } from "../rules/values.ts";
import { cutMiddle } from "../simulator/tool.ts";
import type { Message, Task, ToolCall, Trajectory } from "../types.ts";

const questions = [
  (what: string) => `Could you tell me the ${what}?`,
  (what: string) => `What is the ${what}?`,
  (what: string) => `I need one more detail: the ${what}. Which one is it?`,
  (what: string) => `Which ${what} should I use?`,
] as const;

/** The right episode of `task` as an unjudged trajectory; seeds derive from `names`. */
export function demonstrate(
  task: Task,
  names: readonly (string | number)[],
  scene: {
    readonly vocabulary: Vocabulary;
    readonly template: EpisodeTemplate;
    readonly dialect: Dialect;
    readonly policyVersion: number;
    readonly toolChars: number;
  },
): Trajectory {
  const { template, dialect } = scene;
  const random = draws(...names, "demonstration");
  const messages: Message[] = [];
  const written = template.begin();
  let current = 0; // the training sample that is being written
  const foreign = (role: "system" | "user" | "tool", text: string, { ids, anew }: WrittenText) => {
    if (anew) current++;
    messages.push({ role, text, sample: current, ids, logprobs: null, turnReward: null, calls: [] });
  };
  const says = (text: string, calls: readonly ToolCall[] = []) =>
    messages.push({
      role: "assistant",
      text,
      sample: current,
      ids: written.given(text, calls.length > 0),
      logprobs: null,
      turnReward: 1,
      calls,
    });

  foreign("system", task.systemPrompt, written.system(task.systemPrompt, task.tools));
  foreign("user", task.firstMessage, written.user(task.firstMessage));
  for (const held of task.heldBack) {
    says(random.pick(questions)(spoken(held.argument)));
    foreign("user", held.sentence, written.user(held.sentence));
  }
  for (const call of task.expected) {
    says(formatToolCall(call, dialect), [{ name: call.name, arguments: call.arguments }]);
    const result = cutMiddle(spacedJson(call.result), scene.toolChars);
    foreign("tool", result, written.toolResults([result]));
  }
  says(task.report);
  return {
    task,
    sample: 0,
    policyVersion: scene.policyVersion,
    seed: seedFrom(...names),
    messages,
    status: "terminated",
    // whoever has a reply left gives thanks
    stopReason: task.limits.userReplies > task.heldBack.length ? "user_done" : "answered",
    verdict: null,
    failure: null,
    seconds: 0,
    counts: {},
  };
}
