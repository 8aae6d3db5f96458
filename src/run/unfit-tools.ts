// The user's own tools that no task of a run can be about, in its policy's context and with results that the policy can read. Said when
// the run starts: drafts about them would be rejected one by one.
import { PlayactError } from "../errors.ts";
import { instructionsIn } from "../llm/text/system-prompt.ts";
import { isObject, propertiesOf } from "../rules/json.ts";
import { isFixed } from "../rules/listed.ts";
import { alternatives } from "../rules/schema/alternatives.ts";
import { isMap, ruleOf, toGrammar } from "../rules/schema/grammar.ts";
import { shortest } from "../rules/schema/rule.ts";
import { promptTokens, tooLarge } from "../tasks/rejection.ts";
import { object, requiredParameters } from "../tools/tool-arguments.ts";
import type { Json, JsonSchema, ToolSpec } from "../types.ts";
import { promptRoom } from "./draw/fitting.ts";
import type { Session } from "./session.ts";

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

/** Why call and result are too much for one grammar; null: they are not. */
function faultOfGrammar(schema: JsonSchema, name: string): string | null {
  try {
    toGrammar(schema);
    return null;
  } catch (thrown) {
    return `call and result of ${name}: ${tooLarge(thrown).reason}`;
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
