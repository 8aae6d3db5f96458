// What a task has from its order, whichever way it was written: id, level, frame of the talk, turns. No model is asked here.
import { seedFrom } from "../rng.ts";
import { spoken, spokenValue } from "../rules/values.ts";
import { systemPrompts } from "../simulator/prompts/task.ts";
import type { HeldBack, Limits, Task, ToolCall } from "../types.ts";
import type { TaskOrder } from "./orders.ts";

type Ordered = Pick<Task, "id" | "level" | "systemPrompt" | "persona" | "expectedTurns" | "heldBack" | "criteria" | "limits">;

/**
 * @param calls the calls that values are held back from
 * @param due how many of them the policy has to make; none where the task declines
 */
export function orderedTask(
  order: TaskOrder,
  calls: readonly ToolCall[],
  heldBack: readonly Omit<HeldBack, "sentence">[],
  due: number,
): Ordered {
  const { aspects } = order;
  return {
    id: `${order.id}-${seedFrom(...order.names)
      .toString(16)
      .padStart(8, "0")}`,
    level: order.level,
    systemPrompt: systemPrompts[aspects.systemPrompt] ?? systemPrompts[0],
    persona: ["expert", "beginner", "novice"][aspects.userPersona] ?? "expert",
    expectedTurns: aspects.expectedTurns,
    heldBack: heldBack.map(({ call, argument }) => ({
      call,
      argument,
      sentence: `The ${spoken(argument)} is ${spokenValue(calls[call]?.arguments[argument] ?? null)}.`,
    })),
    criteria: aspects.numCriteria,
    limits: turnLimits(order, heldBack.length, due),
  };
}

/**
 * The level's limits, but never less than the task needs (`asks` of the user, `calls` of tools); counted exactly. A reply
 * that nobody could answer would end every talk as truncated, so each has a turn of the policy behind it. That is one turn
 * more than the level's own number in most tasks, and what the published code comes to, which allows one more throughout.
 */
export function turnLimits(order: TaskOrder, asks: number, calls: number): Limits {
  const { maxUserTurns, maxAssistantTurns, maxToolTurns } = order.aspects;
  const userReplies = Math.max(maxUserTurns, asks);
  return {
    userReplies,
    assistantTurns: Math.max(maxAssistantTurns, calls + 1 + userReplies),
    toolTurns: Math.max(maxToolTurns, calls, 1),
    responseTokens: order.responseTokens,
    tokensPerTurn: order.tokensPerTurn,
  };
}
