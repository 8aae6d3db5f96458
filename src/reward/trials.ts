// What the trials of an episode (ToolMaster) cost and came to, counted by rule. The verdict does not read them: they cost advantage
// (advantage.ts), and whether they were worth it is what their counts and the outcome beside them say. Pure.
import type { Config } from "../config/config.ts";
import { executionOf } from "../rules/as-it-is.ts";
import { mayChange, tellingOf } from "../rules/drift.ts";
import { isError } from "../rules/tool-error.ts";
import { isSameCall } from "../rules/values.ts";
import type { Counts, MadeCall, Message, Task, ToolCall, Trajectory } from "../types.ts";
import { asPlayed, playedIn } from "./as-played.ts";

/** What its turns that tried cost, refused ones included. @param price of one (config trial.price) */
export function trialCost(trajectory: Trajectory, price: number): number {
  return trialTurns(trajectory).length * price;
}

function trialTurns({ messages }: Trajectory): readonly Message[] {
  return messages.filter(({ role, phase }) => role === "assistant" && phase === "trial");
}

/**
 * Of a judged episode, zeros included: `trial/turns`; `trial/telling` and `trial/idle`, their calls by whether they told something;
 * `trial/harm`, changing calls that were carried out and that nobody wanted; `trial/solved`, 1 if in the end all was done that was
 * wanted, without harm. Nothing of an aborted episode.
 * @param world where trials happen: in a copy they can do no harm
 */
export function trialCounts(trajectory: Trajectory, world: Config["trial"]["world"] = "scratch"): Counts {
  if (trajectory.status === "aborted") return {};
  const { messages } = trajectory;
  const trials = messages.filter(({ phase }) => phase === "trial");
  const calls = answered(messages).flatMap((turn) => (turn.phase === "trial" ? turn.calls : []));
  const telling = tellingCalls(calls, trajectory.task);
  const execution = executionOf(trajectory);
  const task = asPlayed(execution);
  const carriedOut = (turns: readonly Message[]) =>
    playedIn(turns).filter(({ name, result = null }) => {
      const tool = task.tools.find((one) => one.name === name);
      return !isError(result, tool);
    });
  const done = carriedOut(execution.messages);
  const tried = world === "shared" ? carriedOut(trials) : [];
  const harm = [...tried, ...done].filter((call) => doesHarm(call, task)).length;
  const isRight = task.kind === "decline" ? trajectory.verdict?.rules === 1 : isAllDone(task, done);
  return {
    "trial/turns": trialTurns(trajectory).length,
    "trial/telling": telling,
    "trial/idle": calls.length - telling,
    "trial/harm": harm,
    "trial/solved": isRight && harm === 0 ? 1 : 0,
  };
}

/** The turns whose calls got results. */
function answered(messages: readonly Message[]): readonly Message[] {
  return messages.filter(({ role }, at) => role === "assistant" && messages[at + 1]?.role === "tool");
}

/** How many calls told something new: the first answer of the needed tool or its decoy, or the first error that says what is right. */
function tellingCalls(calls: readonly MadeCall[], { expected, drift }: Task): number {
  const tools = new Set(expected.map(({ name }) => name));
  if (drift?.kind === "decoy") tools.add(drift.decoy);
  const told = calls.flatMap((call) => {
    if (call.refused === undefined) return tools.has(call.name) ? [call.name] : [];
    return call.refused === "wrong_arguments" ? (tellingOf(drift, call) ?? []) : [];
  });
  return new Set(told).size;
}

function doesHarm(call: ToolCall, { drift, expected, tools }: Task): boolean {
  return mayChange(drift, call.name) && !expected.some((wanted) => isSameCall(wanted, call, tools));
}

/** Whether every expected call was made, each by a call of its own. */
function isAllDone({ expected, tools }: Task, done: readonly ToolCall[]): boolean {
  const left = [...done];
  return expected.every((wanted) => {
    const at = left.findIndex((call) => isSameCall(wanted, call, tools));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}
