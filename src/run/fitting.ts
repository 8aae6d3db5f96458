// Whether a task can be played in a run, and whether any task can be about a tool: by the rules for written tasks, in its policy's context, with results that the policy can read.
import type { Config } from "../config/config.ts";
import { PlayactError } from "../errors.ts";
import { instructionsIn } from "../llm/text/system-prompt.ts";
import { isObject, propertiesOf } from "../rules/json.ts";
import { isFixed } from "../rules/listed.ts";
import { alternatives } from "../rules/schema/alternatives.ts";
import { isMap, ruleOf, toGrammar } from "../rules/schema/grammar.ts";
import { shortest } from "../rules/schema/rule.ts";
import type { TaskOrder } from "../tasks/orders.ts";
import { type ReadyTask, readyToPlay } from "../tasks/ready.ts";
import { promptTokens, type Rejection, rejectionOf } from "../tasks/rejection.ts";
import { object, requiredParameters } from "../tools/tool-arguments.ts";
import type { Json, JsonSchema, Task, ToolSpec } from "../types.ts";
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

/** Why no task of a run can be about a tool, with what to raise; its schemas alone say so. Null: one can. */
function unfit({ config, template }: Pick<Session, "config" | "template">, tool: ToolSpec): string | null {
  const { name, parameters, returns } = tool;
  const shown = promptTokens({ systemPrompt: "", tools: [tool], firstMessage: "" }, template, instructionsIn(config));
  const room = promptRoom(config);
  if (shown > room)
    return `${name} alone takes ${shown} tokens of a prompt, and there is room for ${room} (raise engine.policyContext)`;
  const silent = requiredParameters(tool).find((argument) => !canBeSaid(propertiesOf(parameters)[argument]));
  if (silent !== undefined) return `nobody can say what '${silent}' of ${name} is`;
  if (returns === undefined) return null;
  const { toolChars } = config.rollout;
  const least = shortest(ruleOf(returns));
  if (config.simulator.tools === "blueprint" && least > toolChars)
    return `the shortest result of ${name} has ${least} characters, and the policy reads ${toolChars} (raise rollout.toolChars)`;
  const together = object({ arguments: parameters, result: { anyOf: [returns, object({})] } }); // as simulators are asked
  return faultOfGrammar(together, name);
}

/** False: only an object without members, or a list of yes and no. */
function canBeSaid(schema: Json | undefined): boolean {
  if (!isObject(schema) || isFixed(schema)) return true;
  const ways = alternatives(schema);
  return ways.some((way) => {
    const isBare = isObject(way.properties) && Object.keys(way.properties).length === 0 && !isMap(way);
    const isYesOrNo = way.type === "array" && isObject(way.items) && way.items.type === "boolean";
    return !(isBare || isYesOrNo);
  });
}

function faultOfGrammar(schema: JsonSchema, name: string): string | null {
  try {
    toGrammar(schema);
    return null;
  } catch (thrown) {
    if (thrown instanceof PlayactError && thrown.boundary === "tools") return `call and result of ${name}: ${thrown.message}`;
    throw thrown;
  }
}

/** Warnings for the user's own tools that no task can be about. @throws PlayactError("tools") if that is all of them */
export function unfitOwnTools(session: Pick<Session, "config" | "template" | "toolsets">): readonly string[] {
  if (session.config.tasks.tools === null) return [];
  const tools = session.toolsets.train.flatMap((toolset) => toolset.tools);
  const found = tools.flatMap((tool) => unfit(session, tool) ?? []);
  if (found.length === tools.length)
    throw new PlayactError("tools", `No task could be about any of the tools: ${found.join("; ")}.`);
  return found.map((sentence) => `no task will be about this tool: ${sentence}`);
}
