// One question to the simulator: prompt -> grammar -> JSON -> the caller's checks -> value, or a failure after the last
// try. The only place that decides between retry, repair and failure; a failure is a value, never a zero reward (law 5).
// A cut reply is asked for again, since a whole one is better than a mended one; only that of the last try is mended
// (jsonrepair). The policy's calls never come here: a malformed call is the signal that trains it.
import { jsonrepair } from "jsonrepair";
import { type ChatMessage, type ChatModel, type ChooseRequest, EngineError, type Usage } from "../llm/llm.ts";
import { seedFrom } from "../rng.ts";
import { matchesSchema } from "../rules/validate.ts";
import type { Failure, Json, JsonSchema, Line, SimulatorRole } from "../types.ts";
import { fitted } from "./prompts/transcript.ts";
import { count, newTally, type Tally } from "./usage.ts";

export interface Question<T> {
  readonly role: SimulatorRole;
  readonly messages: readonly ChatMessage[];
  readonly schema: JsonSchema;
  /** Turns a reply that fits the schema into a value, or says what is wrong with it. */
  readonly check: (reply: Json) => Checked<T>;
  /** Names that the seed of each try derives from; the try's number is added. */
  readonly seedNames: readonly (string | number)[];
  readonly maxTokens: number;
  readonly temperature: number;
}

export interface Patience {
  readonly tries: number;
  readonly deadlineMs: number;
  /** Most tokens of thinking before a reply, in a model that marks it; absent: none. */
  readonly thinkTokens?: number;
  /** Counts what is asked with this patience. */
  readonly tally?: Tally;
}

/** A value, or what is wrong with the reply. */
export type Checked<T> = { readonly value: T } | { readonly reason: string; readonly code?: "contradiction" };

export type Answer<T> =
  | { readonly ok: true; readonly value: T; readonly tries: number; readonly repaired: boolean }
  | { readonly ok: false; readonly failure: Failure };

/** Asks until the checks pass or the tries are used up. Never throws for what a model or a deadline does. */
export async function ask<T>(
  model: ChatModel,
  question: Question<T>,
  patience: Patience,
  signal?: AbortSignal,
): Promise<Answer<T>> {
  const { tries, tally = newTally() } = patience;
  const { role } = question;
  let failure: Failure = { boundary: role, code: "invalid_reply", text: "never asked" };
  for (let attempt = 1; attempt <= tries; attempt++) {
    const usage: Usage = { read: 0, written: 0 };
    try {
      if (attempt > 1) count(tally, { retried: 1, [`retried/${role}`]: 1 });
      const text = await model.reply({
        messages: question.messages,
        schema: question.schema,
        seed: seedFrom(...question.seedNames, attempt),
        temperature: question.temperature,
        maxTokens: question.maxTokens,
        thinkTokens: patience.thinkTokens,
        deadlineMs: patience.deadlineMs,
        signal,
        usage,
      });
      const reply = parsed(text);
      const mended = reply === undefined && attempt === tries ? repairedReply(text) : undefined;
      const checked = checkReply(reply, mended, text, question);
      const repaired = mended !== undefined && "value" in checked;
      count(tally, { replies: 1, unparsed: Number(reply === undefined), repaired: Number(repaired) });
      if ("value" in checked) return { ok: true, value: checked.value, tries: attempt, repaired };
      count(tally, { contradictions: Number(checked.code === "contradiction") });
      failure = { boundary: role, code: checked.code ?? "invalid_reply", text: checked.reason };
    } catch (error) {
      failure = failureOf(role, error);
      if (failure.code === "context_full") break; // the same prompt will not fit next time either
    } finally {
      count(tally, { [`tokens_in/${role}`]: usage.read, [`tokens_out/${role}`]: usage.written });
    }
  }
  return { ok: false, failure };
}

/** The prompt over the whole talk, or over as much of it as the model has room for beside the question and the reply. */
export function promptOver(
  lines: readonly Line[],
  model: ChatModel,
  { lead = "", replyTokens = 0 }: { readonly lead?: string; readonly replyTokens?: number },
  prompt: (lines: readonly Line[]) => ChatMessage[],
): ChatMessage[] {
  return prompt(fitted(lines, (read) => model.fits(prompt(read), lead, replyTokens)));
}

/** The weights of given answers, with the tokens of the role counted. @throws EngineError as the model does */
export async function weigh(
  model: ChatModel,
  role: SimulatorRole,
  request: Pick<ChooseRequest, "messages" | "lead" | "options">,
  { deadlineMs, tally = newTally() }: Patience,
  signal?: AbortSignal,
): Promise<readonly number[]> {
  const usage: Usage = { read: 0, written: 0 };
  try {
    return await model.choose({ ...request, deadlineMs, signal, usage });
  } finally {
    count(tally, { [`tokens_in/${role}`]: usage.read });
  }
}

function checkReply<T>(reply: Json | undefined, mended: Json | undefined, text: string, question: Question<T>): Checked<T> {
  const value = reply ?? mended;
  const cut = { reason: `not JSON (cut at ${question.maxTokens} tokens?): ${text.slice(0, 120)}` };
  if (value === undefined) return cut;
  const problems = matchesSchema(question.schema, value);
  const checked = problems.length > 0 ? { reason: problems.join("; ") } : question.check(value);
  return reply === undefined && "reason" in checked ? cut : checked;
}

function repairedReply(text: string): Json | undefined {
  try {
    return parsed(jsonrepair(text));
  } catch {
    return undefined; // nothing of it is JSON
  }
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json; // JSON.parse yields JSON by definition
  } catch {
    return undefined;
  }
}

/** An engine's refusal as data. Cancellation and programming errors are not failures of the world: they are thrown on. */
export function failureOf(boundary: Failure["boundary"], error: unknown): Failure {
  if (!(error instanceof EngineError) || error.code === "cancelled" || error.code === "closed") throw error;
  const code = error.code === "native" ? "error" : error.code;
  return { boundary, code, text: error.message };
}
