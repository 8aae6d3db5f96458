// Whose fault was it? Every bad ending (aborted, truncated, a negative reward, or a rule not met) is put down to one party,
// by rules that read the record alone. Pure. No judge of how good an episode was: it changes no reward. Where no rule
// convicts another, it is the agent's: others are only blamed for what they demonstrably did.
// Departs from TRUSTEE (which counts aborts by simulator only): ends that were not aborted have culprits too.

import type { Blame, ExpectedCall, Failure, HeldBack, Json, Message, Task, ToolCall, Trajectory } from "../types.ts";
import { own } from "./json.ts";
import { carries } from "./language/said.ts";
import { isSameCall, sameValue, spoken } from "./values.ts";

export function isBadEnding({ status, verdict }: Trajectory): boolean {
  return status !== "terminated" || (verdict !== null && (verdict.reward < 0 || verdict.rules < 1));
}

/** The party at fault; null where the episode did not end badly. */
export function blameFor(trajectory: Trajectory): Blame | null {
  if (!isBadEnding(trajectory)) return null;
  if (trajectory.status === "aborted") return ofWorld(trajectory.failure);
  return ofVerifier(trajectory) ?? ofTask(trajectory) ?? ofUser(trajectory) ?? ofTool(trajectory) ?? ofAgent(trajectory);
}

/** Who failed aborts; but an error of the engine stays the engine's, in whichever role it was met. */
function ofWorld(failure: Failure | null): Blame {
  if (failure === null) return { party: "engine", code: "unknown", reason: "aborted without a recorded failure" };
  const party = failure.code === "error" ? "engine" : failure.boundary;
  return { party, code: failure.code, reason: failure.text };
}

function ofVerifier({ status, verdict }: Trajectory): Blame | null {
  if (status !== "terminated" || verdict === null || verdict.rules < 1) return null;
  return {
    party: "verifier",
    code: "verdict_against_rules",
    reason: `every rule was met, the reward is ${verdict.reward.toFixed(2)}`,
  };
}

/** A task that could not be done: its blueprint fails its own rules, does not fit, or needs a value that nobody could tell. */
function ofTask(trajectory: Trajectory): Blame | null {
  const { task, messages, stopReason } = trajectory;
  const { limits, heldBack } = task;
  const blame = (code: string, reason: string): Blame => ({ party: "task", code, reason });
  const spoke = messages.filter((message) => message.role === "assistant");
  if (spoke.length > 0 && spoke.every((message) => message.logprobs === null))
    return blame("bad_blueprint", "the episode that the blueprint calls right is not");
  if (stopReason === "context_full" && spoke.length === 0)
    return blame("prompt_too_long", "the prompt left no room for an answer");
  const toolTurns = task.expected.length === 0 ? 0 : task.dependent ? 2 : 1;
  const tooFew =
    (stopReason === "max_tool_turns" && limits.toolTurns < toolTurns) ||
    (stopReason === "max_assistant_turns" && limits.assistantTurns < toolTurns + 1) ||
    (stopReason === "answered" && limits.userReplies < heldBack.length && heldBack.some((held) => !isTold(held, trajectory)));
  if (tooFew) return blame("limits_too_small", `the right episode does not fit the limit that ended it (${stopReason})`);
  const unknowable = onlyUnknowableWrong(trajectory);
  return unknowable === null ? null : blame("unknowable_value", `nobody could have told the ${spoken(unknowable)}`);
}

/** An argument that neither words nor results give, where every other part of every expected call was right. */
function onlyUnknowableWrong({ task, messages }: Trajectory): string | null {
  const calls = messages.flatMap((message) => message.calls);
  let found: string | null = null;
  for (const [index, expected] of task.expected.entries()) {
    const hidden = Object.keys(expected.arguments).filter((name) => !isKnowable(name, expected, task, index));
    const visible = Object.fromEntries(Object.entries(expected.arguments).filter(([name]) => !hidden.includes(name)));
    const made = calls.some((call) =>
      isSameCall(
        { ...expected, arguments: visible },
        { ...call, arguments: Object.fromEntries(Object.entries(call.arguments).filter(([name]) => !hidden.includes(name))) },
        task.tools,
      ),
    );
    if (!made) return null;
    found ??= hidden[0] ?? null;
  }
  return found;
}

function isKnowable(name: string, { arguments: values }: ExpectedCall, task: Task, index: number): boolean {
  const value = own(values, name) ?? null;
  const texts = [task.firstMessage, task.intent, task.systemPrompt, ...task.heldBack.map((held) => held.sentence)];
  return texts.some((text) => carries(text, value)) || task.expected.slice(0, index).some((call) => holds(call.result, value));
}

function holds(result: Json, value: Json): boolean {
  if (sameValue(result, value)) return true;
  if (typeof result === "string") return carries(result, value);
  return typeof result === "object" && result !== null && Object.values(result).some((inner) => holds(inner, value));
}

/** A user who is asked for a value that only he knows and does not tell it, who says one thing again and again, or complains of what is right. */
function ofUser(trajectory: Trajectory): Blame | null {
  const { task, messages, verdict, stopReason, status } = trajectory;
  const blame = (code: string, reason: string): Blame => ({ party: "user", code, reason });
  for (const held of task.heldBack.filter((one) => !isTold(one, trajectory))) {
    const asked = messages.findIndex((message) => message.role === "assistant" && asksFor(message, held));
    const next = messages[asked + 1];
    if (asked < 0) continue;
    const what = `the ${spoken(held.argument)}`;
    if (next === undefined && stopReason === "user_done") return blame("ended_early", `was asked for ${what} and ended the talk`);
    if (next?.role === "user" && !task.heldBack.some((one) => tells(next.text, one, task)))
      return blame("withheld_value", `was asked for ${what} and never told it`);
  }
  const [before, last] = messages.filter((message) => message.role === "user").slice(-2);
  if (status === "truncated" && verdict?.rules === 1 && last?.text === task.complaint)
    return blame("unjust_complaint", "complained although all was done as expected");
  const ranOut = stopReason === "answered" || stopReason === "max_assistant_turns";
  if (ranOut && before && last && before.text === last.text && last.text !== task.complaint)
    return blame("repeated_itself", "said the same twice, until the turns were used up");
  return null;
}

function tells(text: string, held: HeldBack, task: Task): boolean {
  const value = task.expected[held.call]?.arguments[held.argument];
  return text.includes(held.sentence) || (value !== undefined && carries(text, value));
}

function isTold(held: HeldBack, { task, messages }: Trajectory): boolean {
  return messages.some((message) => message.role === "user" && tells(message.text, held, task));
}

/** A question without a call that names the argument in its own words. */
function asksFor({ text, calls }: Message, held: HeldBack): boolean {
  const asking = /\?|\b(tell|need|provide|specify|let me know)\b/i.test(text);
  const said = ` ${text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ")}`;
  return (
    asking &&
    calls.length === 0 &&
    spoken(held.argument)
      .split(" ")
      .every((word) => said.includes(` ${word}`))
  );
}

/** A tool that answered an expected call with an error, though no rule had refused it. */
function ofTool({ task, messages, counts }: Trajectory): Blame | null {
  if (counts["refused/too_many"] || counts["refused/invented_id"]) return null;
  for (const [at, message] of messages.entries()) {
    const results = messages[at + 1]?.role === "tool" ? (messages[at + 1]?.text.split("\n") ?? []) : [];
    if (results.length !== message.calls.length) continue; // a result of several lines, or a call that could not be parsed
    const refused = message.calls.find((call, index) => isExpected(call, task) && isError(results[index] ?? ""));
    if (refused)
      return {
        party: "tool",
        code: "refused_right_call",
        reason: `${refused.name} was called as expected and answered with an error`,
      };
  }
  return null;
}

function isError(result: string): boolean {
  return /^\{\s*"error":/.test(result);
}

function isExpected(call: ToolCall, task: Task): boolean {
  return task.expected.some((expected) => isSameCall(expected, call, task.tools));
}

function ofAgent(trajectory: Trajectory): Blame {
  const [code, reason] = ownFault(trajectory);
  return { party: "agent", code, reason };
}

/** What the agent did wrong, the plainest fault first. */
function ownFault(trajectory: Trajectory): readonly [code: string, reason: string] {
  const { task, messages, stopReason, counts, verdict, status } = trajectory;
  if (stopReason === "turn_length" || stopReason === "response_length" || stopReason === "context_full")
    return [stopReason, "wrote more than there was room for"];
  if (stopReason === "turn_deadline") return [stopReason, "wrote longer than there was time for"];
  const calls = messages.flatMap((message) => message.calls);
  const malformed = counts["refused/malformed"] ?? 0;
  if (task.kind === "decline" && calls.length + malformed > 0) return ["needless_call", "called a tool although none fits"];
  if (task.kind === "decline") return ["no_refusal", "called nothing, but did not refuse"];
  if (malformed > 0) return ["malformed_call", "a call could not be parsed"];
  if (counts["refused/unknown_tool"]) return ["unknown_tool", "called a tool that is not there"];
  if (counts["refused/invented_id"]) return ["invented_id", "used an id that nobody had given out"];
  if (counts["refused/wrong_arguments"]) return ["wrong_arguments", "a call broke its tool's schema"];
  if (calls.length === 0) return ["no_call", "no call where one is due"];
  const names = new Set(calls.map(({ name }) => name));
  const missing = task.expected.filter(({ name }) => !names.has(name));
  if (missing.length > 0 && missing.length === task.expected.length)
    return ["wrong_tool", "called other tools than those needed"];
  if (missing.length > 0) return ["missing_call", `never called ${missing[0]?.name}`];
  const guessed = task.heldBack.find((held) => !isTold(held, trajectory) && isGuessed(held, calls, task));
  if (guessed) return ["guessed_value", `made up the ${spoken(guessed.argument)} instead of asking`];
  if (task.expected.some((expected) => !calls.some((call) => isSameCall(expected, call, task.tools))))
    return ["wrong_values", "called the right tool with other values"];
  if (calls.some((call, at) => calls.slice(0, at).some((earlier) => isSameCall(earlier, call, task.tools))))
    return ["repeated_call", "made the same call again"];
  if (calls.length > task.expected.length) return ["needless_call", "made more calls than were needed"];
  if (status === "truncated") return [stopReason, "used up its turns"];
  return ["bad_report", verdict?.reason ?? "the end was not good enough"];
}

/** The call was made with a value for what the user had not told. */
function isGuessed(held: HeldBack, calls: readonly ToolCall[], task: Task): boolean {
  const expected = task.expected[held.call];
  return calls.some(({ name, arguments: values }) => name === expected?.name && Object.hasOwn(values, held.argument));
}
