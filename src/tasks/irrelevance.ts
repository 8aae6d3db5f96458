// Turns a call task into an irrelevance task (BFCL's term): the same person says the same words, but the needed tool is missing,
// and the right answer is to refuse. Why in pairs: a policy that sees calls and refusals of unrelated requests learns how often
// to refuse, not when; a pair differs only in its tools. Pure; no model is asked.
import type { Draws } from "../rng.ts";
import { refusal } from "../rules/language/refusal.ts";
import { alternated, cannotServe } from "../tools/distractors.ts";
import type { Task, ToolSpec, Toolset } from "../types.ts";

/**
 * `task` without the tools that serve it: as many others, as far as there are any.
 * @throws RangeError for a task that expects no call
 */
export function irrelevanceOf(task: Task, toolsets: readonly Toolset[], random: Draws): Task {
  const needed = task.tools.find(({ name }) => name === task.expected[0]?.name);
  if (needed === undefined) throw new RangeError(`task ${task.id} expects no call: there is no tool to withhold`);
  return {
    ...task,
    id: `${task.id}-without`,
    kind: "decline",
    tools: uselessTools(
      toolsets,
      task,
      task.tools.filter(({ name }) => task.expected.some((call) => call.name === name)),
      random,
    ).slice(0, task.tools.length),
    expected: [],
    dependent: false,
    heldBack: [],
    report: refusal(needed, random),
  };
}

/**
 * Tools that cannot do what the needed ones do, each name once, shuffled: by turns siblings that need a value of their own, and
 * tools of the domain's other toolsets (of other domains if there are none).
 */
export function uselessTools(
  toolsets: readonly Toolset[],
  own: { readonly domain: string; readonly toolset: string },
  needed: readonly ToolSpec[],
  random: Draws,
): ToolSpec[] {
  const home = toolsets.filter(({ domain, name }) => domain === own.domain && name === own.toolset);
  const others = toolsets.filter(({ domain, name }) => domain === own.domain && name !== own.toolset);
  const pool = others.length > 0 ? others : toolsets.filter(({ domain }) => domain !== own.domain);
  const siblings = home.flatMap(({ tools }) => tools.filter((tool) => needed.every((other) => cannotServe(other, tool))));
  const names = new Set(needed.map(({ name }) => name));
  return alternated(random.shuffle(siblings), random.shuffle(pool.flatMap(({ tools }) => tools))).filter(({ name }) => {
    const isNew = !names.has(name);
    names.add(name);
    return isNew;
  });
}
