// The parts of a task that its order decides, however it was written: id, level, system prompt, persona, limits. No model here.
import { seedFrom } from "../rng.ts";
import { systemPrompts } from "../simulator/prompts/task.ts";
import type { HeldBack, Limits, Task, ToolCall } from "../types.ts";
import type { TaskOrder } from "./orders.ts";
import { stated } from "./phrases.ts";

type Ordered = Pick<Task, "id" | "level" | "systemPrompt" | "persona" | "expectedTurns" | "heldBack" | "criteria" | "limits">;

/**
 * @param calls the calls that the held-back values belong to
 * @param due how many of them the policy has to make; 0 for a decline task
 */
export function orderedTask(
  order: TaskOrder,
  calls: readonly ToolCall[],
  heldBack: readonly Omit<HeldBack, "sentence">[],
  due: number,
): Ordered {
  const { aspects } = order;
  return {
    id: taskId(order),
    level: order.level,
    systemPrompt: systemPrompts[aspects.systemPrompt] ?? systemPrompts[0],
    persona: ["expert", "beginner", "novice"][aspects.userPersona] ?? "expert",
    expectedTurns: aspects.expectedTurns,
    heldBack: heldBack.map(({ call, argument }) => ({
      call,
      argument,
      sentence: stated([[argument, calls[call]?.arguments[argument] ?? null]]),
    })),
    criteria: aspects.numCriteria,
    limits: turnLimits(order, heldBack.length, due),
  };
}

/** Task.id of the task that a draft of this order becomes. */
export function taskId({ id, names }: Pick<TaskOrder, "id" | "names">): string {
  return `${id}-${seedFrom(...names)
    .toString(16)
    .padStart(8, "0")}`;
}

/** Turns of tools beyond those of the calls, where a rubric pays for what was done to a table in the end, by whatever way. */
const spareCalls = 2;

/** How many calls a task with this table, or without one, has room for. */
export function callsWith(table: Task["table"], calls: readonly ToolCall[]): number {
  return calls.length + (table === undefined ? 0 : spareCalls);
}

/**
 * The level's limits, but never fewer than the task needs (`asks` questions to the user, `calls` of tools); counted exactly. Each
 * user reply is followed by a turn of the policy, because a reply without one would truncate every episode. In most tasks that
 * is one turn more than the level's own number; the published code allows one more in every task.
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
