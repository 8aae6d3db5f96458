// A tool's answer to one call, with a table of the ways to give it (config simulator.tools). Blueprint: the task's own result for
// an expected call, the simulator under the tool's return schema for another valid one. Written, as TRUSTEE publishes it: the
// simulator writes reason, reward and result of every call. Executed: rules run the call on the task's table, and no model is
// asked. Departs from TRUSTEE: rules decide what they can without a model (an unknown tool, wrong arguments, an invented id, a
// repeated call), parallel calls are answered in order, each with the earlier results, and a result that contradicts known facts
// is asked for again.
import type { Config } from "../config/config.ts";
import { asItIs } from "../rules/as-it-is.ts";
import { contradicted, contradictions, putRight } from "../rules/contradiction.ts";
import { decoyResult, readsIn, tellingOf } from "../rules/drift.ts";
import { type Fact, factText, inventedId, listing, repeatedFact } from "../rules/journal.ts";
import { spacedJson } from "../rules/json.ts";
import { replyTokens } from "../rules/schema/reply-tokens.ts";
import { executed, runsOn } from "../rules/table.ts";
import { isError } from "../rules/tool-error.ts";
import { argumentErrors } from "../rules/validate.ts";
import { isSameCall } from "../rules/values.ts";
import type { ExpectedCall, Json, Line, Refusal, Task, ToolCall, ToolSpec } from "../types.ts";
import { briefed, type Withheld } from "./briefing.ts";
import type { Memory } from "./memory.ts";
import { bareResult, resultPrompt, toolPrompt, toolReply } from "./prompts/tool.ts";
import { promptOver, type Simulator } from "./simulator.ts";
import type { ToolAnswer } from "./tool-answer.ts";

/** What a tool's answer depends on. */
export interface ToolRequest {
  readonly call: ToolCall;
  readonly task: Task;
  readonly withhold: readonly Withheld[];
  /** The conversation so far. */
  readonly lines: readonly Line[];
  /** The facts of this episode so far. */
  readonly journal: readonly Fact[];
  /** Null: each episode is answered anew. */
  readonly memory: Memory | null;
}

type Way = (request: ToolRequest, tool: ToolSpec, simulator: Simulator) => Promise<ToolAnswer>;

/** Each way answers a call that fits its tool. */
const toolWays: Readonly<Record<Config["simulator"]["tools"], Way>> = {
  blueprint: async (request, tool, simulator) =>
    expectedResult(request) ??
    decoyedResult(request) ??
    knownAnswer(request) ??
    (await remembered(request, (one) => simulatedResult(one, tool, simulator))),
  // a tool that works on no table is answered from the blueprint
  executed: async (request, tool, simulator) => executedResult(request) ?? (await toolWays.blueprint(request, tool, simulator)),
  written: async (request, tool, simulator) =>
    knownAnswer(request) ?? (await remembered(request, (one) => writtenResult(one, tool, simulator))),
};

/** The world's answer to a call. */
export async function answerCall(
  request: ToolRequest,
  way: Config["simulator"]["tools"],
  simulator: Simulator,
): Promise<ToolAnswer> {
  const { call, task } = request;
  const tool = takenBy(task, call);
  if ("refused" in tool) return { ok: true, ...tool, reward: -1, fact: null };
  return toolWays[way](request, tool, simulator);
}

/** The error for a call that rules refuse, which a model can act on, and why. */
interface Refused {
  readonly text: string;
  readonly refused: Refusal;
}

/** The error for a call that no tool of the task takes; null if one does. Demonstrations get the same as a policy. */
export function refusalOf(task: Task, call: ToolCall): Refused | null {
  const tool = takenBy(asItIs(task), call);
  return "refused" in tool ? tool : null;
}

/** The tool that takes the call. The error for a call that goes by an untrue page says what is right. */
function takenBy({ tools, drift }: Task, call: ToolCall): ToolSpec | Refused {
  const tool = tools.find(({ name }) => name === call.name);
  if (tool === undefined)
    return errorOf(`unknown tool '${call.name}'; available: ${tools.map(({ name }) => name).join(", ")}`, "unknown_tool");
  const problems = argumentErrors(tool, call.arguments);
  if (problems.length === 0) return tool;
  const telling = tellingOf(drift, call);
  return errorOf([...problems, ...(telling === null ? [] : [telling])].join("; "), "wrong_arguments");
}

function errorOf(reason: string, refused: Refusal): Refused {
  return { text: spacedJson({ error: reason }), refused };
}

function refused(reason: string, why: Refusal): ToolAnswer {
  return { ok: true, ...errorOf(reason, why), reward: -1, fact: null };
}

/** What the task's table gives after the calls of this episode; null for a tool that works on none. */
function executedResult(request: ToolRequest): ToolAnswer | null {
  const { call, task, journal } = request;
  if (task.table === undefined || !runsOn(task.table, call.name)) return null;
  const { result, failed } = executed(task.table, journal, call);
  const text = spacedJson(result);
  if (failed) return { ok: true, text, reward: -1, fact: null, refused: inventedIn(request) === null ? "failed" : "invented_id" };
  return { ok: true, text, reward: expectedOf(request) === undefined ? 0 : 1, fact: { ...call, result } };
}

function expectedOf({ call, task }: ToolRequest): ExpectedCall | undefined {
  return task.expected.find((candidate) => isSameCall(candidate, call, task.tools));
}

function expectedResult(request: ToolRequest): ToolAnswer | null {
  const { call } = request;
  const expected = expectedOf(request);
  if (!expected) return null;
  const { result } = expected;
  return { ok: true, text: spacedJson(result), reward: 1, fact: { ...call, result } };
}

/** What the decoy beside the needed tool gives for the same arguments. */
function decoyedResult({ task, call }: ToolRequest): ToolAnswer | null {
  const result = decoyResult(task, call);
  return result && { ok: true, text: spacedJson(result), reward: 0, fact: { ...call, result } };
}

/** The answer that the episode itself gives: the call uses an invented id, or it was answered before. */
function knownAnswer(request: ToolRequest): ToolAnswer | null {
  const { call, task, journal } = request;
  const invented = inventedIn(request);
  if (invented !== null) return refused(`no such ${invented}: ${JSON.stringify(call.arguments[invented])}`, "invented_id");
  const repeated = repeatedFact(call, journal, { tools: task.tools, reads: readsIn(task) });
  return repeated && { ok: true, text: spacedJson(repeated.result), reward: 0, fact: null };
}

/** The argument whose id the agent made up; null if there is none. */
function inventedIn({ call, task, lines, journal }: ToolRequest): string | null {
  const said = lines.filter(({ role }) => role === "user").map(({ text }) => text);
  return inventedId(call, task, journal, said);
}

/** The answer that the task's memory has, or else one that `make` gives to the request with what the memory knows of its state. */
function remembered(request: ToolRequest, make: (request: ToolRequest) => Promise<ToolAnswer>): Promise<ToolAnswer> {
  const { memory, task, call, journal } = request;
  if (memory === null) return make(request);
  return memory.answer(task, call, journal, (told) => {
    const others = told.filter((fact) => !journal.some((own) => isSameCall(own, fact, task.tools)));
    return make({ ...request, journal: [...journal, ...others] }); // they were read in the present state, after every change
  });
}

async function simulatedResult(request: ToolRequest, tool: ToolSpec, simulator: Simulator): Promise<ToolAnswer> {
  const { call, task, journal } = request;
  const schema = tool.returns ?? bareResult;
  const answer = await simulator.ask<Json>({
    role: "tool",
    messages: resultPrompt(tool, call, listing(journal)),
    schema,
    check: (value) => contradicted(call, value, tool, journal) ?? { value: agreeing(value, request, tool) },
    seedNames: seedNames(task, call),
    maxTokens: replyTokens(schema, 160),
    temperature: 0.7,
  });
  if (!answer.ok) return answer;
  const result = answer.value;
  return { ok: true, text: spacedJson(result), reward: 0, fact: { ...call, result } };
}

/** The reply, made consistent with the blueprint's reading calls. By rule, so that no prompt gives those results away. */
function agreeing(reply: Json, { call, task, journal }: ToolRequest, tool: ToolSpec): Json {
  const blueprint = task.expected.filter(({ name }) => readsIn(task)(name));
  return putRight(reply, contradictions(call, reply, tool, [...blueprint, ...journal]));
}

async function writtenResult(request: ToolRequest, tool: ToolSpec, simulator: Simulator): Promise<ToolAnswer> {
  const { call, lines, journal } = request;
  const task = briefed(request.task, request.withhold);
  const said = lines.filter(({ role }) => role === "user" || role === "assistant");
  // the tools remember their results in full; the conversation has them as the policy saw them
  const known = [...said, ...journal.map((fact): Line => ({ role: "result", text: factText(fact) }))];
  const schema = toolReply(tool);
  const maxTokens = tool.returns === undefined ? 480 : replyTokens(schema, 480); // any JSON may be as long as it likes
  const answer = await simulator.ask<Reply>({
    role: "tool",
    messages: promptOver(known, simulator, { replyTokens: maxTokens }, (read) => toolPrompt({ task, tool, call, lines: read })),
    schema,
    check: (given) => {
      const reply = given as Reply; // the schema was checked by ask
      return contradicted(call, reply.result, tool, journal) ?? { value: reply };
    },
    seedNames: seedNames(task, call),
    maxTokens,
    temperature: 0.6,
  });
  if (!answer.ok) return answer;
  const { result, reward } = answer.value;
  return { ok: true, text: spacedJson(result), reward, fact: isError(result, tool) ? null : { ...call, result } };
}

type Reply = { readonly [key: string]: Json } & { readonly reward: number; readonly result: Json };

/** From the call, not the sample: within a task the same call gets the same answer in every episode. */
function seedNames(task: Task, call: ToolCall): readonly string[] {
  return [task.id, "tool", call.name, spacedJson(call.arguments)];
}
