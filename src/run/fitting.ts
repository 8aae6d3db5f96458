// Whether a task can be played in a run: by the rules for written tasks, in its policy's context, with results that the policy can read.
import type { Config } from "../config/config.ts";
import { PlayactError } from "../errors.ts";
import { instructionsIn, systemPromptUnder } from "../llm/text/system-prompt.ts";
import { ruleOf } from "../rules/schema/grammar.ts";
import { shortest } from "../rules/schema/rule.ts";
import type { TaskOrder } from "../tasks/orders.ts";
import { type ReadyTask, readyToPlay } from "../tasks/ready.ts";
import { promptTokens, type Rejection, rejectionOf } from "../tasks/rejection.ts";
import type { Task, ToolSpec } from "../types.ts";
import type { Session } from "./session.ts";

/** The ready task under an order; null if the run cannot play it. */
export function readyFor(session: Session, ready: ReadyTask, order: TaskOrder): Task | null {
  const task = readyToPlay(ready, order, session.toolsets.heldOut);
  return task !== null && fits(session, task) ? task : null;
}

export function fits(session: Pick<Session, "config" | "template">, task: Task): boolean {
  return misfitOf(session, task) === null;
}

/** Why a run cannot play a task; null: it can. */
export function misfitOf({ config, template }: Pick<Session, "config" | "template">, task: Task): Rejection | null {
  const prompt = { tokens: promptTokens(task, template, instructionsIn(config)), room: promptRoom(config) };
  // elsewhere the world gives other results than the task's
  const isGiven = config.simulator.tools === "blueprint";
  return rejectionOf(task, { ...prompt, ...(isGiven ? { resultCharacters: config.rollout.toolChars } : {}) });
}

/** Most tokens of a prompt: the rest of the policy's context is the response's. */
export function promptRoom({ engine, rollout }: Config): number {
  return engine.policyContext - rollout.responseTokens;
}

/** The tools that no task of a run can have, each with why and what to raise; their schemas alone say so. */
export function unfitTools({ config, template }: Pick<Session, "config" | "template">, tools: readonly ToolSpec[]): readonly string[] {
  const room = promptRoom(config);
  const { toolChars } = config.rollout;
  return tools.flatMap((tool) => {
    const tokens = template.begin().system(systemPromptUnder("", instructionsIn(config)), [tool]).ids.length;
    if (tokens > room)
      return [`${tool.name} alone takes ${tokens} tokens of a prompt, and there is room for ${room} (raise engine.policyContext)`];
    if (tool.returns === undefined || config.simulator.tools !== "blueprint") return [];
    const least = shortest(ruleOf(tool.returns));
    return least > toolChars
      ? [`the shortest result of ${tool.name} has ${least} characters, and the policy reads ${toolChars} (raise rollout.toolChars)`]
      : [];
  });
}

/** Warnings for those of the user's own tools. @throws PlayactError("tools") if none is left */
export function unfitOwnTools(session: Pick<Session, "config" | "template" | "toolsets">): readonly string[] {
  if (session.config.tasks.tools === null) return [];
  const tools = session.toolsets.train.flatMap((toolset) => toolset.tools);
  const unfit = unfitTools(session, tools);
  if (unfit.length === tools.length)
    throw new PlayactError("tools", `No task could have any of the tools: ${unfit.join("; ")}.`);
  return unfit.map((sentence) => `never in a task: ${sentence}`);
}
