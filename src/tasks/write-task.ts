// Writes one task as a blueprint, calls first: outline (drawn) -> arguments and results (simulator, under the tools' own
// schemas) -> the person's first message (simulator, checked by rule) -> Task. The true report and the refusal are built by
// rule: they must be right, and they are the ends of the judge's scale. A draft whose calls fail their checks is counted
// and drawn again; a message that never carries its values is built by rule and counted; a task is never padded with an empty one in silence. Kin: APIGen-MT (arXiv 2504.03601).
import type { ChatModel } from "../llm/llm.ts";
import { type Draws, draws, seedFrom } from "../rng.ts";
import { contradicted, contradictions, putRight } from "../rollout/contradiction.ts";
import { ask, type Checked, type Patience } from "../simulator/ask.ts";
import { callsPrompt, messagePrompt, situations, systemPrompts } from "../simulator/prompts/task.ts";
import type { ExpectedCall, Json, JsonObject, JsonSchema, Limits, Task, ToolSpec, Toolset } from "../types.ts";
import type { Difficulty } from "./difficulty.ts";
import { drawOutline, type Outline } from "./draw-task.ts";
import { purpose, refusal, trueReport } from "./report.ts";
import { argumentErrors } from "./validate.ts";
import { carries, leaves, spoken, spokenValue } from "./values.ts";

export interface TaskOrder {
  readonly id: string;
  /** Names that all draws of the task derive from. */
  readonly names: readonly (string | number)[];
  readonly level: number;
  readonly aspects: Difficulty;
  readonly decline: boolean;
  /** Overrides of the level for tasks that must be hard (config tasks.hard). */
  readonly hold: number;
  readonly calls: number;
  readonly tokensPerTurn: number;
  readonly responseTokens: number;
}

export interface Rejection {
  readonly stage: "calls";
  readonly reason: string;
}

export interface WrittenTask {
  readonly task: Task | null;
  /** Why drafts were rejected, in order; for the metrics tasks/rejected/* and the failure row. */
  readonly rejected: readonly Rejection[];
  /** The simulator found no words that carry the values, so the first message was built by rule. */
  readonly plainMessage: boolean;
}

/** Tries `attempts` drafts, each with draws and seeds of its own. `task` is null when all failed. */
export async function writeTask(
  order: TaskOrder,
  toolsets: readonly Toolset[],
  simulator: ChatModel,
  attempts: number,
  patience: Patience,
  signal?: AbortSignal,
): Promise<WrittenTask> {
  const rejected: Rejection[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const draft = await writeDraft(
      { ...order, names: [...order.names, "draft", attempt] },
      toolsets,
      simulator,
      patience,
      signal,
    );
    if ("task" in draft) return { ...draft, rejected };
    rejected.push(draft);
  }
  return { task: null, rejected, plainMessage: false };
}

type Draft = { readonly task: Task; readonly plainMessage: boolean } | Rejection;

async function writeDraft(
  order: TaskOrder,
  toolsets: readonly Toolset[],
  simulator: ChatModel,
  patience: Patience,
  signal?: AbortSignal,
): Promise<Draft> {
  const random = draws(...order.names);
  const outline = drawOutline(
    toolsets,
    { numTools: order.aspects.numTools, calls: order.decline ? 1 : order.calls, hold: order.hold, decline: order.decline },
    random,
  );
  const situation = random.pick(situations);
  const calls = await ask(
    simulator,
    {
      role: "task",
      messages: callsPrompt(outline.needed, situation, !order.decline),
      schema: callsSchema(outline, order.decline),
      check: (reply) => expectedCalls(reply as JsonObject, outline, order, random),
      seedNames: [...order.names, "calls"],
      maxTokens: 320,
      temperature: 0.8,
    },
    patience,
    signal,
  );
  if (!calls.ok) return { stage: "calls", reason: calls.failure.text };
  const words = await ask(
    simulator,
    {
      role: "task",
      messages: messagePrompt({
        purposes: outline.needed.map((tool) => tool.description),
        told: toldValues(outline, calls.value).map(({ name, value }) => `${spoken(name)}: ${spokenValue(value)}`),
        secret: outline.heldBack.map((held) => `the ${spoken(held.argument)}`),
        persona: order.aspects.userPersona,
        situation,
      }),
      schema: object({ message: { type: "string", minLength: 15, maxLength: 260 } }),
      check: (reply) => checkedMessage(reply as JsonObject, outline, calls.value),
      seedNames: [...order.names, "message"],
      maxTokens: 120,
      temperature: 0.7,
    },
    patience,
    signal,
  );
  const message = words.ok ? words.value : plainMessage(outline, calls.value);
  return { task: blueprint(order, outline, calls.value, message), plainMessage: !words.ok };
}

function object(properties: Record<string, JsonSchema>): JsonSchema {
  return { type: "object", properties, required: Object.keys(properties) };
}

/** Parameters that the simulator fills: those used, without the one that an earlier result gives. */
function argumentsSchema(tool: ToolSpec, used: readonly string[], dependent: string | null): JsonSchema {
  const all = (tool.parameters.properties ?? {}) as Record<string, JsonSchema>; // checked by the catalogue's loader
  return object(Object.fromEntries(Object.entries(all).filter(([name]) => used.includes(name) && name !== dependent)));
}

function callsSchema(outline: Outline, decline: boolean): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  outline.needed.forEach((tool, index) => {
    const dependent = index === 1 ? outline.dependent : null;
    properties[`arguments_${index + 1}`] = argumentsSchema(tool, outline.used[index] ?? [], dependent);
    if (!decline) properties[`result_${index + 1}`] = tool.returns ?? object({ status: { type: "string", maxLength: 30 } });
  });
  return object(properties);
}

/** Fills in what an earlier result gives and checks every call against its tool. */
function expectedCalls(reply: JsonObject, outline: Outline, order: TaskOrder, random: Draws): Checked<ExpectedCall[]> {
  const value: ExpectedCall[] = [];
  for (const [index, tool] of outline.needed.entries()) {
    const filled = (reply[`arguments_${index + 1}`] ?? {}) as JsonObject; // the schema was checked by ask
    const { dependent } = outline;
    const given = index === 1 && dependent !== null ? (value[0]?.result as JsonObject | null)?.[dependent] : undefined;
    const made = index === 1 && dependent !== null && given !== undefined ? { ...filled, [dependent]: given } : filled;
    const ordered = Object.fromEntries(
      (outline.used[index] ?? []).flatMap((name) => (made[name] === undefined ? [] : [[name, made[name]]])),
    );
    const problems = argumentErrors(tool, ordered);
    if (problems.length > 0) return { reason: problems.join("; ") };
    if (leaves(ordered).some((leaf) => typeof leaf === "string" && leaf.trim().length < 2))
      return { reason: "an argument is empty" };
    const call = { name: tool.name, arguments: ordered };
    if (order.decline) {
      value.push({ ...call, result: null });
      continue;
    }
    const written = withFreshId(reply[`result_${index + 1}`] ?? null, index === 0 ? dependent : null, random);
    // echoes of arguments and totals are put right by rule; facts that the two calls tell differently are written anew
    const computable = contradictions(call, written, tool, value).filter(({ kind }) => kind !== "changed");
    const result = putRight(written, computable);
    const problem = contradicted(call, result, tool, value);
    if (problem) return problem;
    value.push({ ...call, result });
  }
  return { value };
}

/** A simulator gives out FL123 again and again: the digits of an id that a later call needs are drawn, so that it cannot be guessed. */
function withFreshId(result: Json, name: string | null, random: Draws): Json {
  if (name === null || typeof result !== "object" || result === null || Array.isArray(result)) return result;
  const id = (result as JsonObject)[name];
  if (typeof id !== "string") return result;
  return { ...(result as JsonObject), [name]: id.replace(/\d/g, () => String(random.integer(0, 9))) };
}

const isTold = (outline: Outline, call: number, argument: string) =>
  !(call === 1 && argument === outline.dependent) &&
  !outline.heldBack.some((held) => held.call === call && held.argument === argument);

function toldValues(outline: Outline, calls: readonly ExpectedCall[]): { readonly name: string; readonly value: Json }[] {
  return calls.flatMap((call, index) =>
    Object.entries(call.arguments)
      .filter(([name]) => isTold(outline, index, name))
      .map(([name, value]) => ({ name, value })),
  );
}

/** The message must carry every told value, none that is held back, and no tool name; else it is asked for again. */
function checkedMessage(
  reply: JsonObject,
  outline: Outline,
  calls: readonly ExpectedCall[],
): { value: string } | { reason: string } {
  const message = String(reply.message ?? "").trim();
  const missing = toldValues(outline, calls).find(({ value }) => !carries(message, value));
  if (missing) return { reason: `the message lacks ${missing.name}` };
  const betrayed = outline.heldBack.find(({ call, argument }) => carries(message, calls[call]?.arguments[argument] ?? "\u0000"));
  if (betrayed) return { reason: `the message gives away ${betrayed.argument}` };
  if (outline.needed.some((tool) => tool.name.includes("_") && message.includes(tool.name)))
    return { reason: "the message names a tool" };
  if (/\bassistant\b/i.test(message)) return { reason: "the message speaks about the assistant" };
  return { value: message };
}

/** What a person without imagination says: for simulators that drop values from every sentence they write. */
function plainMessage(outline: Outline, calls: readonly ExpectedCall[]): string {
  const purposes = outline.needed.map(purpose);
  const details = toldValues(outline, calls).map(({ name, value }) => `the ${spoken(name)} is ${spokenValue(value)}`);
  return `Please ${purposes.join(", then ")}${details.length > 0 ? `: ${details.join(", ")}` : ""}.`;
}

function blueprint(order: TaskOrder, outline: Outline, calls: readonly ExpectedCall[], message: string): Task {
  const random = draws(...order.names, "wording");
  const [needed] = outline.needed;
  const purposes = outline.needed.map(purpose);
  const details = calls.flatMap((call, index) =>
    Object.entries(call.arguments)
      .filter(([name]) => !(index === 1 && name === outline.dependent))
      .map(([name, value]) => `${spoken(name)} ${spokenValue(value)}`),
  );
  return {
    id: `${order.id}-${seedFrom(...order.names)
      .toString(16)
      .padStart(8, "0")}`,
    kind: order.decline ? "decline" : "call",
    domain: outline.toolset.domain,
    toolset: outline.toolset.name,
    level: order.level,
    tools: outline.offered,
    systemPrompt: systemPrompts[order.aspects.systemPrompt] ?? systemPrompts[0],
    intent: `${purposes.join(", then ")} (${details.join("; ")})`,
    persona: ["expert", "beginner", "novice"][order.aspects.userPersona] ?? "expert",
    firstMessage: message,
    expected: order.decline ? [] : calls,
    dependent: !order.decline && outline.dependent !== null,
    heldBack: outline.heldBack.map(({ call, argument }) => ({
      call,
      argument,
      sentence: `The ${spoken(argument)} is ${spokenValue(calls[call]?.arguments[argument] ?? null)}.`,
    })),
    thanks: "Thanks, that is all I needed.",
    complaint: "That is not what I asked for. Please do what I asked.",
    report: order.decline && needed !== undefined ? refusal(needed, random) : trueReport(calls, random),
    criteria: order.aspects.numCriteria,
    limits: limits(order, outline),
  };
}

/** The level's limits, but never fewer turns than the task needs; counted exactly. */
function limits(order: TaskOrder, outline: Outline): Limits {
  const asks = outline.heldBack.length;
  const calls = order.decline ? 0 : outline.needed.length;
  return {
    userTurns: Math.max(order.aspects.maxUserTurns, 1 + asks),
    assistantTurns: Math.max(order.aspects.maxAssistantTurns, 1 + asks + calls),
    toolTurns: Math.max(order.aspects.maxToolTurns, calls, 1),
    responseTokens: order.responseTokens,
    tokensPerTurn: order.tokensPerTurn,
  };
}
