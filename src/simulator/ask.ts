// One question to the simulator: prompt -> grammar -> JSON -> the caller's checks -> value, or a failure after the last
// try. The only place that decides between retry and failure; a failure is a value, never a zero reward (law 5).
import { type ChatMessage, type ChatModel, EngineError } from "../llm/llm.ts";
import { seedFrom } from "../rng.ts";
import { matchesSchema } from "../tasks/validate.ts";
import type { Failure, Json, JsonSchema } from "../types.ts";

export interface Question<T> {
  readonly role: Failure["boundary"];
  readonly messages: readonly ChatMessage[];
  readonly schema: JsonSchema;
  /** Turns a reply that fits the schema into a value, or says what is wrong with it. */
  readonly check: (reply: Json) => { readonly value: T } | { readonly reason: string };
  /** Names that the seed of each try derives from; the try's number is added. */
  readonly seedNames: readonly (string | number)[];
  readonly maxTokens: number;
  readonly temperature: number;
}

export interface Patience {
  readonly tries: number;
  readonly deadlineMs: number;
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T; readonly tries: number }
  | { readonly ok: false; readonly failure: Failure };

/** Asks until the checks pass or the tries are used up. Never throws for what a model or a deadline does. */
export async function ask<T>(
  model: ChatModel,
  question: Question<T>,
  patience: Patience,
  signal?: AbortSignal,
): Promise<Answer<T>> {
  let failure: Failure = { boundary: question.role, code: "invalid_reply", text: "never asked" };
  for (let attempt = 1; attempt <= patience.tries; attempt++) {
    try {
      const text = await model.reply({
        messages: question.messages,
        schema: question.schema,
        seed: seedFrom(...question.seedNames, attempt),
        temperature: question.temperature,
        maxTokens: question.maxTokens,
        deadlineMs: patience.deadlineMs,
        signal,
      });
      const checked = checkReply(text, question);
      if ("value" in checked) return { ok: true, value: checked.value, tries: attempt };
      failure = { boundary: question.role, code: "invalid_reply", text: checked.reason };
    } catch (error) {
      failure = failureOf(question.role, error);
      if (failure.code === "context_full") break; // the same prompt will not fit next time either
    }
  }
  return { ok: false, failure };
}

function checkReply<T>(text: string, question: Question<T>): { readonly value: T } | { readonly reason: string } {
  let reply: Json;
  try {
    reply = JSON.parse(text) as Json; // JSON.parse yields JSON by definition
  } catch {
    return { reason: `not JSON (cut at ${question.maxTokens} tokens?): ${text.slice(0, 120)}` };
  }
  const problems = matchesSchema(question.schema, reply);
  return problems.length > 0 ? { reason: problems.join("; ") } : question.check(reply);
}

/** An engine's refusal as data. Cancellation and programming errors are not failures of the world: they are thrown on. */
export function failureOf(boundary: Failure["boundary"], error: unknown): Failure {
  if (!(error instanceof EngineError) || error.code === "cancelled" || error.code === "closed") throw error;
  const code = error.code === "native" ? "error" : error.code;
  return { boundary, code, text: error.message };
}
