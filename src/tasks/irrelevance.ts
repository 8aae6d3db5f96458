// Turns a call task into an irrelevance task (BFCL's term): the same person says the same words, but the needed tool is missing,
// and the right answer is to refuse. Why in pairs: a policy that sees calls and refusals of unrelated requests learns how often
// to refuse, not when; a pair differs only in its tools. Pure; no model is asked.
import type { Draws } from "../rng.ts";
import { refusal } from "../rules/language/refusal.ts";
import { alternated, cannotServe } from "../tools/distractors.ts";
import type { Task, ToolSpec, Toolset } from "../types.ts";
import { restrictedTools, unrestricted } from "./unrestricted.ts";

/**
 * `task` without the tools that serve it: as many others, as far as there are any. Its restriction stays if nothing tempts to
 * break it and its tools are still there.
 * @throws RangeError for a task that expects no call
 */
export function irrelevanceOf(task: Task, toolsets: readonly Toolset[], random: Draws): Task {
  const needed = task.tools.find(({ name }) => name === task.expected[0]?.name);
  if (needed === undefined) throw new RangeError(`task ${task.id} expects no call: there is no tool to withhold`);
  const serving = task.tools.filter(({ name }) => task.expected.some((call) => call.name === name));
  const tools = uselessTools(apartFrom(task, toolsets), task, serving, random).slice(0, task.tools.length);
  // what fulfils a refusal is derived by rule
  const { rubric: _, ...twin } = isStillFit(task, tools) ? task : unrestricted(task);
  return {
    ...twin,
    id: `${task.id}-without`,
    kind: "decline",
    tools,
    expected: [],
    dependent: false,
    heldBack: [],
    report: refusal(needed, random),
  };
}

/** The toolsets without tools of others that have the name of one that the task's table runs: they would be run as that one. */
function apartFrom({ domain, toolset, table }: Task, toolsets: readonly Toolset[]): readonly Toolset[] {
  if (table === undefined) return toolsets;
  return toolsets.map((one) => {
    if (one.domain === domain && one.name === toolset) return one;
    return { ...one, tools: one.tools.filter(({ name }) => !Object.hasOwn(table.operations, name)) };
  });
}

/** Whether a restriction still makes sense where these tools are all there is. */
function isStillFit({ restriction }: Task, tools: readonly ToolSpec[]): boolean {
  if (restriction === undefined || restriction.temptation !== null || restriction.rule.kind === "before_asking") return false;
  return restrictedTools(restriction.rule).every((name) => tools.some((tool) => tool.name === name));
}

/**
 * Tools that cannot do what the needed ones do, since they need a value of their own; each name once, shuffled: by turns siblings
 * and tools of the domain's other toolsets (of other domains if there are none), of which one may be a second service for the
 * same job.
 */
export function uselessTools(
  toolsets: readonly Toolset[],
  own: { readonly domain: string; readonly toolset: string },
  needed: readonly ToolSpec[],
  random: Draws,
): ToolSpec[] {
  const near = toolsets.filter(({ domain }) => domain === own.domain);
  const others = near.filter(({ name }) => name !== own.toolset);
  const pool = others.length > 0 ? others : toolsets.filter(({ domain }) => domain !== own.domain);
  const useless = (from: readonly Toolset[]) =>
    random.shuffle(from.flatMap(({ tools }) => tools.filter((tool) => cannotServe(needed, tool))));
  const names = new Set(needed.map(({ name }) => name));
  return alternated(useless(near.filter(({ name }) => name === own.toolset)), useless(pool)).filter(({ name }) => {
    const isNew = !names.has(name);
    names.add(name);
    return isNew;
  });
}
