// A task without its restriction: nothing is forbidden, nothing tempts, and no prompt mentions it. What a restriction has put at
// the end of a text is taken from there. Pure.
import { linksOf } from "../rules/journal.ts";
import type { ForbiddenRule, JsonObject, Rubric, RubricItem, Task } from "../types.ts";
import { stated } from "./phrases.ts";

/** `task` itself if nothing is forbidden in it. */
export function unrestricted(task: Task): Task {
  const { restriction, ...free } = task;
  if (restriction === undefined) return task;
  const { text, temptation } = restriction;
  const silent = {
    ...free,
    systemPrompt: withoutEnd(task.systemPrompt, text),
    ...(temptation === null
      ? {}
      : {
          firstMessage: withoutEnd(task.firstMessage, temptation.request),
          report: withoutEnd(task.report, temptation.refusal),
        }),
  };
  const { rubric, ...rest } = withoutCall(silent, restriction.rule);
  return rubric === undefined ? rest : { ...rest, rubric: { ...rubric, forbidden: [] } };
}

/** An assembled task without the call that only a rule of order wants: one whose result nothing else takes. */
function withoutCall(task: Task, rule: ForbiddenRule): Task {
  if (task.table === undefined) return task;
  const at = rule.kind === "before" ? task.expected.findIndex(({ name }) => name === rule.first) : -1;
  const isTaken = task.expected.some((_, index) => linksOf(task, index).some(({ from }) => from === at));
  if (at < 0 || isTaken || at === task.expected.length - 1 || task.heldBack.some(({ call }) => call === at)) return task;
  const expected = task.expected.filter((_, index) => index !== at);
  const results: JsonObject = Object.assign({}, ...expected.map(({ result }) => result)); // a table gives objects
  return {
    ...task,
    expected,
    report: `Done. ${stated(Object.entries(results))}`,
    heldBack: task.heldBack.map((held) => (held.call > at ? { ...held, call: held.call - 1 } : held)),
    ...(task.rubric === undefined ? {} : { rubric: withoutItems(task.rubric, at) }),
  };
}

/** A rubric without what is said of one call; the calls behind it move up. */
function withoutItems(rubric: Rubric, at: number): Rubric {
  const kept = (items: readonly RubricItem[]) =>
    items.flatMap((item): RubricItem[] => {
      const { rule } = item;
      if (rule === null || !("call" in rule) || rule.call < at) return [item];
      return rule.call === at ? [] : [{ ...item, rule: { ...rule, call: rule.call - 1 } }];
    });
  return { forbidden: kept(rubric.forbidden), subGoals: kept(rubric.subGoals), questions: kept(rubric.questions) };
}

/** The tools that a rule names: a restriction is about nothing if they are not offered. */
export function restrictedTools(rule: ForbiddenRule): readonly string[] {
  return rule.kind === "before" ? [rule.tool, rule.first] : [rule.tool];
}

/** The text without a sentence that it may end with. */
export function withoutEnd(text: string, end: string): string {
  return end !== "" && text.endsWith(end) ? text.slice(0, -end.length).trimEnd() : text;
}
