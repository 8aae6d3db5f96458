// How right the calls were by rule, and the verdict of the rules, with placed log-odds for the report if a judge rated it. Numbers
// only. Departs from TRUSTEE's written verdict of -1, 0 or 1, which a simulator under about 4B cannot give.
import { isSameCall, rightArguments } from "../rules/values.ts";
import type { Task, ToolCall, Verdict } from "../types.ts";
import { type Conduct, writtenCalls } from "./conduct.ts";

/**
 * How right the calls were, 0..1: the sum over the expected calls (half a call for its name, half for its arguments)
 * divided by the number of expected calls plus surplus calls, malformed calls and complaints. 1 exactly when every expected
 * call was made as expected and nothing else. An executed call matches at most one expected call, a call that was not executed
 * matches none, and a value that was made up instead of asked for counts as left out. A decline task scores 1 if nothing was called and the request was refused in words, without a
 * complaint before it.
 */
export function rulesShare(task: Task, conduct: Conduct): number {
  if (task.kind === "decline") return conduct.refused && attempts(conduct) + conduct.complaints === 0 ? 1 : 0;
  if (task.expected.length === 0) return 0;
  const calls = conduct.calls.map((call) => withoutGuesses(call, conduct));
  const left = [...calls];
  const parametersOf = (called: string) => task.tools.find(({ name }) => name === called)?.parameters;
  let sum = 0;
  // exactly made calls come first, so that none of them is matched with another expected call
  const made = (expected: ToolCall) => Number(calls.some((call) => isSameCall(call, expected, task.tools)));
  for (const expected of [...task.expected].sort((a, b) => made(b) - made(a))) {
    const scores = left.map((call) =>
      call.name === expected.name ? 0.5 + 0.5 * rightArguments(expected.arguments, call.arguments, parametersOf(call.name)) : 0,
    );
    const best = scores.indexOf(Math.max(0, ...scores));
    if ((scores[best] ?? 0) === 0) continue;
    sum += scores[best] ?? 0;
    left.splice(best, 1);
  }
  const tooMany = Math.max(0, writtenCalls(conduct).length - task.expected.length) + conduct.malformed + conduct.complaints;
  return sum / (task.expected.length + tooMany);
}

function withoutGuesses(call: ToolCall, { guessed }: Conduct): ToolCall {
  const names = guessed.flatMap((guess) => (guess.call === call ? [guess.held.argument] : []));
  return { ...call, arguments: Object.fromEntries(Object.entries(call.arguments).filter(([name]) => !names.includes(name))) };
}

/** All calls right, and at least half of the results reported (by a rubric: every item met): an episode to learn from, and none that needs a better one beside it. */
export function isSolved({ rules, reward }: Pick<Verdict, "rules" | "reward">): boolean {
  return rules === 1 && reward >= 0.75;
}

function attempts(conduct: Conduct): number {
  return writtenCalls(conduct).length + conduct.malformed;
}

/** Whether a call was needed but no offered tool was called: -1 for every kind of verdict, as in TRUSTEE. */
export function missesCall(task: Task, conduct: Conduct): boolean {
  return task.kind === "call" && !writtenCalls(conduct).some((call) => task.tools.some(({ name }) => name === call.name));
}

/** Whether the report decides part of the reward, so that the judge must read it. */
export function needsJudge(task: Task, conduct: Conduct): boolean {
  return task.kind === "call" && conduct.report !== null && rulesShare(task, conduct) === 1;
}

/**
 * The verdict, reward in -1..1. A report counts as the share of the results' values that it states (`carried`, 0..1), but no more
 * than the judge's rating (`judge`, placed log-odds, 0..1; null without a judge). Why the lower of the two: a small judge likes
 * fluent words that say nothing, or something false, as much as the truth (docs/simulator-health.md).
 */
export function verdict(task: Task, conduct: Conduct, judge: number | null, carried: number): Verdict {
  const rules = rulesShare(task, conduct);
  const wrong = conduct.fault?.reason ?? "not everything that was expected";
  if (task.kind === "decline") {
    if (rules === 1) return { reward: 1, rules, judge: null, reason: "declined: no tool fits and none was called" };
    return { reward: attempts(conduct) > 0 ? -1 : 0, rules, judge: null, reason: wrong };
  }
  if (!writtenCalls(conduct).some(({ name }) => task.expected.some((expected) => expected.name === name)))
    return { reward: -1, rules, judge: null, reason: wrong };
  if (rules < 1)
    return { reward: rules - 0.5, rules, judge: null, reason: `partly right: ${Math.round(rules * 100)} %, ${wrong}` };
  if (conduct.report === null) return { reward: 0.5, rules, judge: null, reason: "all calls right, nothing reported" };
  const report = Math.min(judge ?? 1, carried);
  return {
    reward: 0.5 + 0.5 * report,
    rules,
    judge,
    reason: `all calls right, report ${report.toFixed(2)} by ${judge === null || carried < judge ? "rules" : "the judge"}`,
  };
}
