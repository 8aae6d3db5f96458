// A task without its restriction: nothing is forbidden, nothing tempts, and no prompt mentions it. What a restriction has put at
// the end of a text is taken from there. Pure.
import type { ForbiddenRule, Task } from "../types.ts";

/** `task` itself if nothing is forbidden in it. */
export function unrestricted(task: Task): Task {
  const { restriction, ...free } = task;
  if (restriction === undefined) return task;
  const { text, temptation } = restriction;
  return {
    ...free,
    systemPrompt: withoutEnd(task.systemPrompt, text),
    ...(temptation === null
      ? {}
      : {
          firstMessage: withoutEnd(task.firstMessage, temptation.request),
          report: withoutEnd(task.report, temptation.refusal),
        }),
    ...(task.rubric === undefined ? {} : { rubric: { ...task.rubric, forbidden: [] } }),
  };
}

/** The tools that a rule names: a restriction is about nothing if they are not offered. */
export function restrictedTools(rule: ForbiddenRule): readonly string[] {
  return rule.kind === "before" ? [rule.tool, rule.first] : [rule.tool];
}

/** The text without a sentence that it may end with. */
export function withoutEnd(text: string, end: string): string {
  return end !== "" && text.endsWith(end) ? text.slice(0, -end.length).trimEnd() : text;
}
