// Which party caused a bad ending? Every bad ending (aborted, truncated, a negative reward, or a rule not met) is blamed on one
// party, by rules that read only the record. Pure; it changes no reward. Unless the record proves another party's fault, the
// agent is blamed, in the words of its verdict (reward/conduct.ts).
// Departs from TRUSTEE (which only counts aborts by simulator): endings that were not aborted are blamed on a party too.

import type { Blame, ExpectedCall, Failure, Fault, HeldBack, Json, Task, ToolSpec, Trajectory } from "../types.ts";
import { executionOf } from "./as-it-is.ts";
import { goesByPages, isToldByErrors } from "./drift.ts";
import { jsonOf, own } from "./json.ts";
import { carries } from "./language/said.ts";
import { spoken } from "./language/spoken.ts";
import { asksFor } from "./question.ts";
import { isError } from "./tool-error.ts";
import { isSameCall, sameValue } from "./values.ts";

export function isBadEnding({ status, verdict }: Trajectory): boolean {
  return status !== "terminated" || (verdict !== null && (verdict.reward < 0 || verdict.rules < 1));
}

/** The party at fault; null if the episode did not end badly. */
export function blameFor(trajectory: Trajectory): Blame | null {
  if (!isBadEnding(trajectory)) return null;
  if (trajectory.status === "aborted") return ofWorld(trajectory.failure);
  const execution = executionOf(trajectory);
  // who only tried has spoken: what filled the context was not the prompt
  const silent = !trajectory.messages.some(({ role }) => role === "assistant");
  for (const [party, faultOf] of parties) {
    const fault = faultOf(execution, silent);
    if (fault) return { party, ...fault };
  }
  return { party: "agent", ...ofAgent(execution) };
}

/** The role that failed caused the abort, except for an engine error, which is the engine's in every role. */
function ofWorld(failure: Failure | null): Blame {
  if (failure === null) return { party: "engine", code: "unknown", reason: "aborted without a recorded failure" };
  const party = failure.code === "error" || failure.code === "unavailable" ? "engine" : failure.boundary;
  return { party, code: failure.code, reason: failure.text };
}

/** Faults of other parties that the record can prove, in the order in which they are checked. */
const parties: readonly (readonly [Blame["party"], (execution: Trajectory, silent: boolean) => Fault | null])[] = [
  ["verifier", ofVerifier],
  ["task", ofTask],
  ["user", ofUser],
  ["tool", ofTool],
];

function ofVerifier({ status, verdict }: Trajectory): Fault | null {
  if (status !== "terminated" || verdict === null || verdict.rules < 1) return null;
  return { code: "verdict_against_rules", reason: `every rule was met, the reward is ${verdict.reward.toFixed(2)}` };
}

/** A task that could not be done: its blueprint fails its own rules, exceeds the limits, or needs an unavailable value. */
function ofTask(trajectory: Trajectory, silent: boolean): Fault | null {
  const { task, author, stopReason } = trajectory;
  const { limits, heldBack } = task;
  if (author === "blueprint" && !goesByPages(trajectory))
    return { code: "bad_blueprint", reason: "the episode that the blueprint calls right is not" };
  const toolTurns = task.expected.length === 0 ? 0 : task.dependent ? 2 : 1;
  const tooFew =
    (stopReason === "context_full" && silent) ||
    (stopReason === "max_tool_turns" && limits.toolTurns < toolTurns) ||
    (stopReason === "max_assistant_turns" && limits.assistantTurns < toolTurns + 1) ||
    ((stopReason === "answered" || stopReason === "max_user_turns") &&
      limits.userReplies < heldBack.length &&
      untoldValues(trajectory).length > 0);
  if (tooFew)
    return { code: "limits_too_small", reason: `the right episode does not fit the limit that ended it (${stopReason})` };
  const unknowable = onlyUnknowableWrong(trajectory);
  if (unknowable === null) return null;
  return { code: "unknowable_value", reason: `no message or result gives the ${spoken(unknowable)}` };
}

/** An argument that no text or result gives, if everything else in every expected call was right. */
function onlyUnknowableWrong({ task, messages }: Trajectory): string | null {
  const calls = messages.flatMap((message) => message.calls);
  let found: string | null = null;
  for (const [index, expected] of task.expected.entries()) {
    const hidden = Object.keys(expected.arguments).filter((name) => !isKnowable(name, expected, task, index));
    const visible = <T extends ExpectedCall["arguments"]>(values: T) =>
      Object.fromEntries(Object.entries(values).filter(([name]) => !hidden.includes(name)));
    const right = { ...expected, arguments: visible(expected.arguments) };
    if (!calls.some((call) => isSameCall(right, { ...call, arguments: visible(call.arguments) }, task.tools))) return null;
    found ??= hidden[0] ?? null;
  }
  return found;
}

function isKnowable(name: string, { name: tool, arguments: values }: ExpectedCall, task: Task, index: number): boolean {
  if (isToldByErrors(task.drift, tool, name)) return true;
  const value = own(values, name) ?? null;
  const texts = [task.firstMessage, task.intent, task.systemPrompt, ...task.heldBack.map((held) => held.sentence)];
  if (task.background !== undefined) texts.push(task.background);
  return texts.some((text) => carries(text, value)) || task.expected.slice(0, index).some((call) => holds(call.result, value));
}

function holds(result: Json, value: Json): boolean {
  if (sameValue(result, value)) return true;
  if (typeof result === "string") return carries(result, value);
  return typeof result === "object" && result !== null && Object.values(result).some((inner) => holds(inner, value));
}

/** A user who was asked for a value that only they know, and gave no value or ended the conversation. */
function ofUser(trajectory: Trajectory): Fault | null {
  const { task, messages, stopReason } = trajectory;
  for (const held of untoldValues(trajectory)) {
    const asked = messages.findIndex((message) => message.role === "assistant" && asksFor(message, held));
    if (asked < 0) continue;
    const next = messages[asked + 1];
    const ended = next === undefined && stopReason === "user_done";
    if (ended || (next?.role === "user" && !task.heldBack.some((one) => tells(next.text, one, task))))
      return { code: "withheld_value", reason: `was asked for the ${spoken(held.argument)} and did not give it` };
  }
  return null;
}

/**
 * The held-back values that the user never gave. The first message gives none, whatever its words carry: "make it easier or harder"
 * names both.
 */
export function untoldValues({ task, messages }: Pick<Trajectory, "task" | "messages">): HeldBack[] {
  const said = messages.filter(({ role, text }) => role === "user" && text !== task.firstMessage);
  return task.heldBack.filter((held) => !said.some(({ text }) => tells(text, held, task)));
}

/** Whether a text gives a held-back value: its sentence, or the value in other words. */
export function tells(text: string, held: HeldBack, { expected }: Pick<Task, "expected">): boolean {
  const value = expected[held.call]?.arguments[held.argument];
  return text.includes(held.sentence) || (value !== undefined && carries(text, value));
}

/** A tool that answered an expected call with an error, although no rule had refused the call. */
function ofTool({ task, messages }: Trajectory): Fault | null {
  if (task.table !== undefined) return null; // rules run it: its errors are right, for a call that came too late or twice
  for (const [at, { calls }] of messages.entries()) {
    const next = messages[at + 1];
    const results = next?.role === "tool" ? next.text.split("\n") : []; // one line per call, in order
    const wronged = calls.find(
      (call, index) =>
        call.refused === undefined &&
        answeredWithError(results[index] ?? "", call, task.tools) &&
        task.expected.some((expected) => isSameCall(expected, call, task.tools)),
    );
    if (wronged)
      return { code: "refused_right_call", reason: `${wronged.name} was called as expected and answered with an error` };
  }
  return null;
}

/** A result that was cut is no JSON: then by its beginning. */
function answeredWithError(text: string, { name }: Pick<ToolSpec, "name">, tools: readonly ToolSpec[]): boolean {
  const result = jsonOf(text);
  const tool = tools.find((one) => one.name === name);
  return result === undefined ? /^\{\s*"error":/.test(text) : isError(result, tool);
}

function ofAgent({ stopReason, status, verdict }: Trajectory): Fault {
  const long = stopReason === "turn_length" || stopReason === "response_length" || stopReason === "context_full";
  if (long) return { code: stopReason, reason: "wrote more than the length limit allows" };
  if (stopReason === "turn_deadline") return { code: stopReason, reason: "took longer to write than the time limit allows" };
  if (verdict?.fault) return verdict.fault;
  if (status === "truncated") return { code: stopReason, reason: "used up its turns" };
  return { code: "bad_report", reason: verdict?.reason ?? "the report was not good enough" };
}
