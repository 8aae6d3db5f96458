// Writes one draft of a task as TRUSTEE does (arXiv 2604.17739): a domain, its toolsets and some of their tools are drawn,
// then ONE answer of the simulator contains intent, expected calls, persona and first query. Not for simulators under about 4B:
// write-task.ts, which writes the calls first, is for them. Departs from the paper so that rules can judge as well: expected
// calls have arguments (under the tools' schemas) and results, in the same answer; only offered tools can be named; a value
// that the query does not state is held back and given when asked for, and a clear query must state every value.

import { type Draws, draws } from "../rng.ts";
import { isObject, own as ownValue, propertiesOf } from "../rules/json.ts";
import { carries } from "../rules/language/said.ts";
import { namedTool, spoken } from "../rules/language/spoken.ts";
import { branchesOf, isFixed } from "../rules/listed.ts";
import { replyTokens } from "../rules/schema/reply-tokens.ts";
import { argumentErrors } from "../rules/validate.ts";
import { isCutShort, isMisformed, isSameCall, leftOutAs, sameValue } from "../rules/values.ts";
import { intentPrompt } from "../simulator/prompts/intent.ts";
import { situations } from "../simulator/prompts/task.ts";
import { bareResult } from "../simulator/prompts/tool.ts";
import { argumentsSchema, drawArguments, object, requiredParameters, text } from "../tools/tool-arguments.ts";
import type { ExpectedCall, HeldBack, Json, JsonObject, JsonSchema, Task, ToolSpec, Toolset } from "../types.ts";
import { sayableArguments } from "./expected-calls.ts";
import { irrelevanceOf } from "./irrelevance.ts";
import { orderedTask, turnLimits } from "./ordered-task.ts";
import type { TaskOrder } from "./orders.ts";
import type { Rejection } from "./rejection.ts";
import { trueReport } from "./report.ts";
import { agrees } from "./slots.ts";
import { speaksAsAssistant, strangeNumbers } from "./voice.ts";
import type { Draft, Writing } from "./write-task.ts";

/** The number of values that fit on the chosen user's menu beside thanks and complaint. */
const mostHeldBack = 6;
/** One draft, intent first; all its draws and seeds derive from the order's names. */
export async function writeIntentDraft(order: TaskOrder, writing: Writing): Promise<Draft> {
  const { toolsets, simulator } = writing;
  const random = draws(...order.names);
  const tools = drawTools(toolsets, order.aspects.numTools, random);
  const results = !order.decline; // nothing will be called
  const calls = order.decline ? 1 : order.calls;
  const situation = random.pick(situations);
  const schema = draftSchema(
    tools.map((tool) => callSchema(tool, results, random)),
    calls,
  );
  const answer = await simulator.ask({
    role: "task",
    messages: intentPrompt({
      tools,
      calls,
      persona: order.aspects.userPersona,
      ambiguity: order.hold,
      turns: order.aspects.expectedTurns,
      situation,
      results,
    }),
    schema,
    check: (reply) => readDraft(reply as Reply, tools, order.parallel), // the schema was checked by ask
    seedNames: [...order.names, "intent"],
    maxTokens: replyTokens(schema, 320 + 160 * calls),
    temperature: 0.8,
  });
  if (!answer.ok) return { stage: "calls", reason: answer.failure.text };
  const fault = order.decline ? null : unclear(answer.value, order.hold);
  return (
    voice(answer.value, tools) ?? fault ?? { task: taskOf(answer.value, order, { tools, toolsets, random }), plainMessage: false }
  );
}

interface Drawn {
  readonly tools: readonly ToolSpec[];
  readonly toolsets: readonly Toolset[];
  readonly random: Draws;
}

/** The published draw: one domain, its toolsets in random order until they have enough tools, then that many of them. */
function drawTools(toolsets: readonly Toolset[], count: number, random: Draws): ToolSpec[] {
  const domain = random.pick([...new Set(toolsets.map((toolset) => toolset.domain))]);
  const pool: ToolSpec[] = [];
  for (const { tools } of random.shuffle(toolsets.filter((toolset) => toolset.domain === domain))) {
    if (pool.length >= count) break;
    // trees of tools repeat names; neither model could distinguish the two
    pool.push(...tools.filter(({ name }) => !pool.some((other) => other.name === name)));
  }
  return random.shuffle(pool).slice(0, count);
}

/** The grammar of a draft: only offered tools can be named, with arguments of the right types. */
function draftSchema(callSchemas: readonly JsonSchema[], calls: number): JsonSchema {
  const [only] = callSchemas;
  const items: JsonSchema = callSchemas.length === 1 && only ? only : { anyOf: callSchemas };
  return object({
    user_intent: text(20, 260),
    expected_tool_calls: { type: "array", items, minItems: calls, maxItems: calls },
    user_persona: text(8, 100),
    first_user_query: text(15, 320),
  });
}

function callSchema(tool: ToolSpec, results: boolean, random: Draws): JsonSchema {
  return object({
    name: { const: tool.name },
    arguments: argumentsSchema(tool, drawArguments(tool, random)),
    ...(results ? { result: tool.returns ?? bareResult } : {}),
  });
}

interface Reply extends JsonObject {
  readonly user_intent: string;
  readonly expected_tool_calls: readonly (JsonObject &
    Partial<ExpectedCall> & { readonly name: string; readonly arguments: JsonObject })[];
  readonly user_persona: string;
  readonly first_user_query: string;
}

/** The simulator's answer, read and checked. */
interface IntentDraft {
  readonly intent: string;
  readonly persona: string;
  readonly query: string;
  readonly expected: readonly ExpectedCall[];
  /** An argument of a later call comes from an earlier result. */
  readonly dependent: boolean;
  /** Values of the calls that the query does not state. */
  readonly unsaid: readonly Omit<HeldBack, "sentence">[];
}

/** Reads the answer; with calls that their tools would refuse, the simulator is asked again. */
function readDraft(reply: Reply, tools: readonly ToolSpec[], parallel: boolean): { value: IntentDraft } | { reason: string } {
  const query = reply.first_user_query.trim();
  const expected: ExpectedCall[] = [];
  const dependent = new Set<string>();
  for (const [index, call] of reply.expected_tool_calls.entries()) {
    const tool = tools.find(({ name }) => name === call.name);
    if (tool === undefined) return { reason: `${call.name}: is not offered` };
    const given = parallel ? { arguments: call.arguments, links: [] } : linked(call.arguments, expected, query);
    for (const name of given.links) dependent.add(`${index} ${name}`);
    const known = [...requiredParameters(tool), ...given.links];
    const made = sayableArguments(tool, given.arguments, { names: Object.keys(given.arguments), known });
    const problems = argumentErrors(tool, made);
    if (expected.some((earlier) => isSameCall(earlier, { name: call.name, arguments: made }, tools)))
      problems.push("is expected twice");
    if (isCutShort(made, tool.parameters)) problems.push("an argument is empty or cut");
    if (isMisformed(made, tool.parameters)) problems.push("a date or time is not in the form that its page names");
    const silent = silentAbout(query, made, tool);
    if (silent !== undefined) problems.push(`the first query does not say whether ${spoken(silent)}`);
    if (problems.length > 0) return { reason: `${call.name}: ${problems.join("; ")}` };
    expected.push({ name: call.name, arguments: made, result: call.result ?? null });
  }
  const unsaid = expected.flatMap((call, index) =>
    Object.entries(call.arguments)
      .filter(([name, value]) => !dependent.has(`${index} ${name}`) && !carries(query, value) && !isOnPage(call, name, tools))
      .map(([argument]) => ({ call: index, argument })),
  );
  // a made-up number beside a missing one: the person would seem to have stated it
  const [strange] = unsaid.some(({ call, argument }) => /\d/.test(String(expected[call]?.arguments[argument])))
    ? strangeNumbers(
        query,
        expected.map((call) => call.arguments),
      )
    : [];
  if (strange !== undefined) return { reason: `the query says ${strange}, which is in no call` };
  const [intent, persona] = [reply.user_intent.trim(), reply.user_persona.trim()];
  return { value: { intent, persona, query, expected, dependent: dependent.size > 0, unsaid } };
}

/** Whether the tool's page says the value: it leaves no other, or has it as the default. */
function isOnPage(call: ExpectedCall, name: string, tools: readonly ToolSpec[]): boolean {
  const schema = ownValue(propertiesOf(tools.find((tool) => tool.name === call.name)?.parameters ?? {}), name);
  if (!isObject(schema)) return false;
  return isFixed(schema) || (schema.default !== undefined && sameValue(schema.default, call.arguments[name] ?? null));
}

/** A yes or no that the query does not say, and that is not so without a word. It cannot be held back: no rule reads it back. */
function silentAbout(query: string, given: JsonObject, tool: ToolSpec | undefined): string | undefined {
  const place = branchesOf(tool?.parameters);
  const answers = Object.entries(given).filter(([name, value]) => typeof value === "boolean" && leftOutAs(place, name) !== value);
  return answers.find(([name, value]) => !agrees(query, name, value))?.[0];
}

/** The rejection of a query that leaves out more than its ambiguity allows, or null. */
function unclear({ unsaid }: IntentDraft, ambiguity: number): Rejection | null {
  if (unsaid.length <= (ambiguity === 0 ? 0 : mostHeldBack)) return null;
  const names = unsaid.map(({ argument }) => argument).join(", ");
  return { stage: "message_unclear", reason: `the first message does not say ${names}` };
}

/** A tool's name looks like a field's name; naming a tool is a rejection of its own (rejection.ts). */
function voice({ query }: IntentDraft, tools: readonly ToolSpec[]): Rejection | null {
  return speaksAsAssistant(query) && namedTool(query, tools) === null
    ? { stage: "message_voice", reason: `the first message speaks as or of the assistant: ${query.slice(0, 80)}` }
    : null;
}

/** A call's arguments. One that the query does not state and an earlier result has a field for takes its value from there. */
function linked(own: JsonObject, earlier: readonly ExpectedCall[], query: string) {
  const links: string[] = [];
  const pairs = Object.entries(own).map(([name, value]): [string, Json] => {
    const source = earlier.findLast(
      ({ arguments: asked, result }) => !Object.hasOwn(asked, name) && isObject(result) && Object.hasOwn(result, name),
    );
    const found = isObject(source?.result) ? ownValue(source.result, name) : undefined;
    if (found === undefined || typeof found !== typeof value || carries(query, value)) return [name, value];
    links.push(name);
    return [name, found];
  });
  return { arguments: Object.fromEntries(pairs), links };
}

function taskOf(draft: IntentDraft, order: TaskOrder, { tools, toolsets, random }: Drawn): Task {
  const { expected } = draft;
  const home = toolsets.find((toolset) => toolset.tools.some(({ name }) => name === expected[0]?.name));
  const ordered = orderedTask(order, expected, draft.unsaid, expected.length);
  const task: Task = {
    ...ordered,
    kind: "call",
    domain: home?.domain ?? "",
    toolset: home?.name ?? "",
    tools,
    intent: draft.intent,
    persona: draft.persona || ordered.persona,
    firstMessage: draft.query,
    expected,
    dependent: draft.dependent,
    report: trueReport(expected, random),
  };
  if (!order.decline) return task;
  // a toolset that a tool was drawn from could still serve the request
  const others = toolsets.filter((toolset) => toolset === home || !toolset.tools.some((tool) => tools.includes(tool)));
  return { ...irrelevanceOf(task, others, random), id: task.id, limits: turnLimits(order, 0, 0) };
}
