// The verdict on an episode of one turn: was the policy's first turn right? It is right or not, nothing between, because
// these verdicts choose a checkpoint: one that decides well, not one that reports well. Pure. Not in the paper, which evaluates
// whole episodes only; a first turn asks no simulator, so many tasks can be played every few steps.
import type { Dialect } from "../config/config.ts";
import { parseToolCalls } from "../llm/text/tool-call.ts";
import { executionOf } from "../rules/as-it-is.ts";
import { untoldValues } from "../rules/blame.ts";
import { refuses } from "../rules/language/refusal.ts";
import { spoken } from "../rules/language/spoken.ts";
import { asksFor } from "../rules/question.ts";
import { isSameCall } from "../rules/values.ts";
import { endsCut } from "../simulator/lines.ts";
import type { Fault, Task, ToolCall, Trajectory } from "../types.ts";
import { conductOf } from "./conduct.ts";

/** The trajectory with its verdict: reward 1 or -1, rules 1 or 0. An aborted one is returned unchanged. */
export function withFirstTurnVerdict(trajectory: Trajectory, dialect: Dialect): Trajectory {
  if (trajectory.status === "aborted") return trajectory;
  const right = rightness(executionOf(trajectory), dialect);
  if (typeof right === "string") return { ...trajectory, verdict: { reward: 1, rules: 1, judge: null, reason: right } };
  return { ...trajectory, verdict: { reward: -1, rules: 0, judge: null, reason: right.reason, fault: right } };
}

/** What the turn did right, in words, or its fault. */
function rightness(trajectory: Trajectory, dialect: Dialect): string | Fault {
  const { task, messages } = trajectory;
  const turn = messages.find(({ role }) => role === "assistant");
  if (turn === undefined && trajectory.stopReason === "first_turn")
    return { code: "only_tried", reason: "tried a tool, and decided nothing yet" };
  if (turn === undefined || endsCut(trajectory)) return { code: trajectory.stopReason, reason: "did not finish its turn" };
  const { calls, errors, rest } = parseToolCalls(turn.text, dialect);
  if (calls.length + errors.length === 0) {
    if (task.kind === "decline" && refuses(rest)) return "declined";
    const asked = task.heldBack.find((held) => asksFor({ text: rest, calls: [] }, held));
    if (asked !== undefined) return `asked for the ${spoken(asked.argument)}`;
    const [held] = untoldValues(trajectory);
    if (held !== undefined) return { code: "no_question", reason: `neither called nor asked for the ${spoken(held.argument)}` };
  } else if (errors.length === 0 && areDue(calls, task)) return "made the right call";
  const fault = conductOf(trajectory, dialect).fault;
  // an expected call, but not yet: one that needs a result, or one beside the right ones
  return fault ?? { code: "wrong_moment", reason: "made a call that was not due yet" };
}

/** Whether these are calls that are due now, each once, and no other. */
function areDue(calls: readonly ToolCall[], task: Task): boolean {
  const due = task.expected.filter(
    (_, index) => !(task.dependent && index > 0) && !task.heldBack.some(({ call }) => call === index),
  );
  for (const call of calls) {
    const found = due.findIndex((expected) => isSameCall(expected, call, task.tools));
    if (found < 0) return false;
    due.splice(found, 1);
  }
  return true;
}
