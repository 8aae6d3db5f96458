// The mixed verdict (design, section 10): rules decide what rules can, a placed log-odds decides how good the report was.
// Numbers only. Departs from TRUSTEE's written verdict of -1, 0 or 1, which a simulator under about 4B cannot give.
import { isSameCall, rightArguments } from "../tasks/values.ts";
import type { Task, ToolCall, Verdict } from "../types.ts";

/** What rules read off an episode. */
export interface Conduct {
  /** Well-formed calls in order, whatever they named. */
  readonly calls: readonly ToolCall[];
  /** Calls that could not be parsed. */
  readonly malformed: number;
  /** The last assistant turn is a text without calls: something was said to the user at the end. */
  readonly reported: boolean;
}

/**
 * How right the calls were, 0..1: the sum over the expected calls (half a call for its name, half for its arguments)
 * over the number expected plus the number that was too many or malformed. 1 exactly when every expected call was made
 * as expected and nothing else. Every made call serves one expected call at most. A decline task scores 1 when nothing was
 * called and something was said.
 */
export function rulesShare(task: Task, conduct: Conduct): number {
  if (task.kind === "decline") return conduct.reported && conduct.calls.length + conduct.malformed === 0 ? 1 : 0;
  if (task.expected.length === 0) return 0;
  const left = [...conduct.calls];
  let sum = 0;
  // calls that were made exactly come first, so that none of them is spent on another expected call
  const made = (expected: ToolCall) => Number(conduct.calls.some((call) => isSameCall(call, expected)));
  for (const expected of [...task.expected].sort((a, b) => made(b) - made(a))) {
    const scores = left.map((call) =>
      call.name === expected.name ? 0.5 + 0.5 * rightArguments(expected.arguments, call.arguments) : 0,
    );
    const best = scores.indexOf(Math.max(0, ...scores));
    if ((scores[best] ?? 0) === 0) continue;
    sum += scores[best] ?? 0;
    left.splice(best, 1);
  }
  const tooMany = Math.max(0, conduct.calls.length - task.expected.length) + conduct.malformed;
  return sum / (task.expected.length + tooMany);
}

/** True where the report decides part of the reward, so that the judge must read it. */
export function needsJudge(task: Task, conduct: Conduct): boolean {
  return task.kind === "call" && conduct.reported && rulesShare(task, conduct) === 1;
}

/**
 * The verdict, reward in -1..1. `judge` is the placed log-odds (0..1) of the report; null lets rules alone decide
 * (`carried` is then the share of the result's values that the report carries).
 */
export function verdict(task: Task, conduct: Conduct, judge: number | null, carried: number): Verdict {
  const rules = rulesShare(task, conduct);
  if (task.kind === "decline") {
    if (rules === 1) return { reward: 1, rules, judge: null, reason: "declined: no tool fits and none was called" };
    if (conduct.calls.length + conduct.malformed > 0)
      return { reward: -1, rules, judge: null, reason: "called a tool although none fits" };
    return { reward: 0, rules, judge: null, reason: "called nothing, but never said so" };
  }
  if (conduct.calls.length === 0) {
    return { reward: -1, rules, judge: null, reason: conduct.malformed > 0 ? "malformed call" : "no call where one is due" };
  }
  if (rules === 0) return { reward: -1, rules, judge: null, reason: "wrong tool" };
  if (rules < 1) return { reward: rules - 0.5, rules, judge: null, reason: `partly right: ${Math.round(rules * 100)} %` };
  if (!conduct.reported) return { reward: 0.5, rules, judge: null, reason: "all calls right, nothing reported" };
  const report = judge ?? carried;
  return {
    reward: 0.5 + 0.5 * report,
    rules,
    judge,
    reason: `all calls right, report ${report.toFixed(2)} by ${judge === null ? "rules" : "the judge"}`,
  };
}
