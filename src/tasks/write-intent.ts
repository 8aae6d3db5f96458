// Writes one task as TRUSTEE does (arXiv 2604.17739): a domain, its toolsets and some of their tools are drawn, then ONE
// answer of the simulator holds intent, expected calls, persona and first query. Not for simulators under about 4B: see the
// sister file write-task.ts, which writes the calls first. Departs from the paper so that rules can judge, too: expected calls
// carry arguments (under the tools' schemas) and results, in the same answer; names are checked; a value that the query does not
// say becomes the person's own, told when asked, and a query that should be clear must say all of them.
import type { ChatModel } from "../llm/llm.ts";
import { type Draws, draws, seedFrom } from "../rng.ts";
import { ask, type Patience } from "../simulator/ask.ts";
import { intentPrompt } from "../simulator/prompts/intent.ts";
import { situations, systemPrompts } from "../simulator/prompts/task.ts";
import type { ExpectedCall, HeldBack, Json, JsonObject, JsonSchema, Limits, Task, ToolSpec, Toolset } from "../types.ts";
import { requiredParameters } from "./draw-task.ts";
import { trueReport } from "./report.ts";
import { argumentErrors, matchesSchema } from "./validate.ts";
import { carries, leaves, spoken, spokenValue } from "./values.ts";
import { withholdTools } from "./withhold.ts";
import type { Rejection, TaskOrder, WrittenTask } from "./write-task.ts";

/** Why a draft was rejected; `reply` is an answer that is none (late, cut, no JSON). */
export const draftFaults = [
  "reply",
  "empty_query",
  "unknown_tool",
  "wrong_call",
  "tool_in_query",
  "assistant_voice",
  "unclear_query",
  "prompt_too_long",
] as const;
export type DraftFault = (typeof draftFaults)[number];

/** As many values as the chosen user's menu has room for beside thanks and complaint. */
const mostHeldBack = 6;
/** Optional parameters are asked for in this share of cases, as in calls-first. */
const optionalShare = 0.3;

/**
 * Tries `attempts` drafts, each with tools and seeds of its own. `task` is null when all failed.
 * @param fits whether the policy's prompt of a task has room in its context
 */
export async function writeIntentTask(
  order: TaskOrder,
  toolsets: readonly Toolset[],
  simulator: ChatModel,
  attempts: number,
  patience: Patience,
  signal?: AbortSignal,
  fits: (task: Task) => boolean = () => true,
): Promise<WrittenTask> {
  const rejected: Rejection[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const names = [...order.names, "draft", attempt];
    const draft = await writeDraft({ ...order, names }, toolsets, simulator, patience, signal);
    if ("id" in draft && fits(draft)) return { task: draft, rejected, plainMessage: false };
    rejected.push("id" in draft ? fault("prompt_too_long", "the tools and the query leave no room for an answer") : draft);
  }
  return { task: null, rejected, plainMessage: false };
}

const fault = (stage: DraftFault, reason: string): Rejection => ({ stage, reason });

async function writeDraft(
  order: TaskOrder,
  toolsets: readonly Toolset[],
  simulator: ChatModel,
  patience: Patience,
  signal?: AbortSignal,
): Promise<Task | Rejection> {
  const random = draws(...order.names);
  const tools = drawTools(toolsets, order.aspects.numTools, random);
  const results = !order.decline;
  const calls = order.decline ? 1 : order.calls;
  const answer = await ask(
    simulator,
    {
      role: "task",
      messages: intentPrompt({
        tools,
        calls,
        persona: order.aspects.userPersona,
        ambiguity: order.hold,
        turns: order.aspects.expectedTurns,
        situation: random.pick(situations),
        results,
      }),
      schema: draftSchema(
        tools.map((tool) => callSchema(tool, results, random)),
        calls,
      ),
      accepts: { type: "object" }, // what fails is told apart below
      check: (reply) => {
        const found = checkedDraft(reply as JsonObject, tools, order); // an object: see `accepts`
        return "stage" in found ? { reason: `${found.stage}: ${found.reason}` } : { value: found };
      },
      seedNames: [...order.names, "intent"],
      maxTokens: 320 + 160 * calls,
      temperature: 0.8,
    },
    patience,
    signal,
  );
  if (answer.ok) return taskOf(answer.value, order, tools, toolsets, random);
  const { text } = answer.failure;
  const stage = draftFaults.find((name) => text.startsWith(`${name}: `));
  return stage === undefined ? fault("reply", text) : fault(stage, text.slice(stage.length + 2));
}

/** The published draw: one domain, its toolsets in random order until they have enough tools, then as many of these. */
function drawTools(toolsets: readonly Toolset[], count: number, random: Draws): ToolSpec[] {
  const domain = random.pick([...new Set(toolsets.map((toolset) => toolset.domain))]);
  const pool: ToolSpec[] = [];
  for (const { tools } of random.shuffle(toolsets.filter((toolset) => toolset.domain === domain))) {
    if (pool.length >= count) break;
    pool.push(...tools);
  }
  return random.shuffle(pool).slice(0, count);
}

function object(properties: Record<string, JsonSchema>): JsonSchema {
  return { type: "object", properties, required: Object.keys(properties) };
}

const text = (minLength: number, maxLength: number): JsonSchema => ({ type: "string", minLength, maxLength });

/** The grammar of a draft: only tools that are offered can be named, and their arguments have their types. */
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
  const required = new Set(requiredParameters(tool));
  const parameters = Object.entries((tool.parameters.properties ?? {}) as Record<string, JsonSchema>); // checked by the loader
  const used = parameters.filter(([name]) => required.has(name) || random.uniform() < optionalShare);
  const result = tool.returns ?? object({ status: text(1, 30) });
  return object({
    name: { const: tool.name },
    arguments: object(Object.fromEntries(used)),
    ...(results ? { result } : {}),
  });
}

interface Draft {
  readonly intent: string;
  readonly persona: string;
  readonly query: string;
  readonly expected: readonly ExpectedCall[];
  /** Some argument of a later call comes from an earlier result. */
  readonly dependent: boolean;
  /** Values of the calls that the query does not say. */
  readonly unsaid: readonly Omit<HeldBack, "sentence">[];
}

/** Reads a draft; the first thing that is wrong with it rejects it. */
function checkedDraft(reply: JsonObject, tools: readonly ToolSpec[], order: TaskOrder): Draft | Rejection {
  const said = (key: string) => (typeof reply[key] === "string" ? reply[key].trim() : "");
  const query = said("first_user_query");
  const intent = said("user_intent");
  if (query === "") return fault("empty_query", "the first query is empty");
  if (intent === "") return fault("empty_query", "the intent is empty");
  const named = tools.find(({ name }) => name.includes("_") && query.includes(name));
  if (named) return fault("tool_in_query", `the query names ${named.name}`);
  if (/\bassistant\b|\b(?:can|may) i (?:help|assist)\b/i.test(query))
    return fault("assistant_voice", `the query is no person's: ${query.slice(0, 60)}`);

  const expected: ExpectedCall[] = [];
  const dependent = new Set<string>();
  for (const [index, call] of listOf(reply.expected_tool_calls).entries()) {
    const tool = tools.find(({ name }) => name === call.name);
    if (!tool) return fault("unknown_tool", `expects ${JSON.stringify(call.name ?? null)}, which is not offered`);
    const given = linked(call, expected, query);
    for (const name of given.links) dependent.add(`${index} ${name}`);
    const { arguments: args } = given;
    const result = order.decline ? null : (call.result ?? null);
    const problems = [
      ...argumentErrors(tool, args),
      ...(order.decline || tool.returns === undefined ? [] : matchesSchema(tool.returns, result)),
      ...(leaves(args).some((leaf) => typeof leaf === "string" && leaf.trim().length < 2) ? ["an argument is empty"] : []),
    ];
    if (problems.length > 0) return fault("wrong_call", `${tool.name}: ${problems.join("; ")}`);
    expected.push({ name: tool.name, arguments: args, result });
  }
  if (expected.length === 0) return fault("wrong_call", "no call is expected");
  const unsaid = expected.flatMap((call, index) =>
    Object.entries(call.arguments)
      .filter(([name, value]) => !dependent.has(`${index} ${name}`) && !carries(query, value))
      .map(([argument]) => ({ call: index, argument })),
  );
  const most = order.hold === 0 && !order.decline ? 0 : mostHeldBack;
  if (unsaid.length > most)
    return fault("unclear_query", `the query does not say ${unsaid.map(({ argument }) => argument).join(", ")}`);
  return { intent, persona: said("user_persona"), query, expected, dependent: dependent.size > 0, unsaid };
}

/** The objects of a list; anything else is none. */
function listOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** A call's arguments, those of which an earlier result has the name and the query does not say taken from there. */
function linked(call: JsonObject, earlier: readonly ExpectedCall[], query: string) {
  const own = isObject(call.arguments) ? call.arguments : {};
  const links: string[] = [];
  const pairs = Object.entries(own).map(([name, value]): [string, Json] => {
    const source = earlier.findLast(({ arguments: asked, result }) => !(name in asked) && isObject(result) && name in result);
    const found = isObject(source?.result) ? source.result[name] : undefined;
    if (found === undefined || typeof found !== typeof value || carries(query, value)) return [name, value];
    links.push(name);
    return [name, found];
  });
  return { arguments: Object.fromEntries(pairs), links };
}

function taskOf(draft: Draft, order: TaskOrder, tools: readonly ToolSpec[], toolsets: readonly Toolset[], random: Draws): Task {
  const { expected } = draft;
  const home = toolsets.find((toolset) => toolset.tools.some(({ name }) => name === expected[0]?.name));
  const task: Task = {
    id: `${order.id}-${seedFrom(...order.names)
      .toString(16)
      .padStart(8, "0")}`,
    kind: "call",
    domain: home?.domain ?? "",
    toolset: home?.name ?? "",
    level: order.level,
    tools,
    systemPrompt: systemPrompts[order.aspects.systemPrompt] ?? systemPrompts[0],
    intent: draft.intent,
    persona: draft.persona || (["expert", "beginner", "novice"][order.aspects.userPersona] ?? "expert"),
    expectedTurns: order.aspects.expectedTurns,
    firstMessage: draft.query,
    expected,
    dependent: draft.dependent,
    heldBack: draft.unsaid.map(({ call, argument }) => ({
      call,
      argument,
      sentence: `The ${spoken(argument)} is ${spokenValue(expected[call]?.arguments[argument] ?? null)}.`,
    })),
    thanks: "Thanks, that is all I needed.",
    complaint: "That is not what I asked for. Please do what I asked.",
    report: trueReport(expected, random),
    criteria: order.aspects.numCriteria,
    limits: limits(order, draft.unsaid.length, expected.length),
  };
  if (!order.decline) return task;
  // no toolset from which a tool was drawn may serve the request after all
  const others = toolsets.filter((toolset) => toolset === home || !toolset.tools.some((tool) => tools.includes(tool)));
  return { ...withholdTools(task, others, random), id: task.id, limits: limits(order, 0, 0) };
}

/** The level's limits, but never fewer turns than the task needs; counted exactly. */
function limits(order: TaskOrder, asks: number, calls: number): Limits {
  return {
    userTurns: Math.max(order.aspects.maxUserTurns, 1 + asks),
    assistantTurns: Math.max(order.aspects.maxAssistantTurns, 1 + asks + calls),
    toolTurns: Math.max(order.aspects.maxToolTurns, calls, 1),
    responseTokens: order.responseTokens,
    tokensPerTurn: order.tokensPerTurn,
  };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
