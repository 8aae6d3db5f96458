// What is sent to a chat-completions server for each kind of question. Pure.
import type { Json, JsonSchema } from "../../types.ts";
import type { ChatMessage, ReplyRequest } from "../llm.ts";
import { sentSchema } from "./schema.ts";

type Body = { readonly [key: string]: Json };

/** More is refused by some servers; a choice has at most 8 options. */
const topLogprobs = 20;
/** Tokens of {"answer": "…"} with blanks. */
export const answerTokens = 40;
/** Servers read seeds as numbers of 32 bits, some with a sign. */
const seedMask = 0x7fffffff;

/** @param model the server's name for it  @param formats false: the server takes no response_format at all */
export function replyBody(
  model: string,
  { messages, schema, seed, temperature, maxTokens, thinkTokens = 0 }: Omit<ReplyRequest, "deadlineMs">,
  formats = true,
): Body {
  return {
    ...(formats ? common(model, messages, schema) : conversation(model, messages)),
    seed: seed & seedMask,
    temperature,
    // a server counts thinking as part of the reply
    max_tokens: maxTokens + thinkTokens,
  };
}

/** The messages with the schema in words: for a server that does not keep to a schema by itself. */
export function schemaTold(messages: readonly ChatMessage[], schema: JsonSchema): ChatMessage[] {
  const last = messages.at(-1);
  const words = `Answer with JSON alone, under this JSON schema:\n${JSON.stringify(sentSchema(schema))}`;
  return [...messages.slice(0, -1), { role: last?.role ?? "user", content: `${last?.content ?? ""}\n\n${words}` }];
}

/** A turn of a policy, in its own words. @param model the server's name for it */
export function turnBody(
  model: string,
  messages: readonly ChatMessage[],
  { seed, temperature, maxTokens }: Pick<ReplyRequest, "seed" | "temperature" | "maxTokens">,
): Body {
  return { ...conversation(model, messages), seed: seed & seedMask, temperature, max_tokens: maxTokens };
}

/**
 * A choice, asked as an enum. `weighed`: with the log-probs of the answer's tokens. At temperature 1, because some servers give
 * log-probs after the temperature; what is sampled does not matter.
 */
export function enumBody(
  model: string,
  { messages, schema }: Pick<ReplyRequest, "messages" | "schema">,
  { thinkTokens, weighed }: { readonly thinkTokens: number; readonly weighed: boolean },
): Body {
  return {
    ...common(model, messages, schema),
    ...{ seed: 0, temperature: 1, max_tokens: answerTokens + thinkTokens },
    ...(weighed ? { logprobs: true, top_logprobs: topLogprobs } : {}),
  };
}

function common(model: string, messages: readonly ChatMessage[], schema: JsonSchema): Body {
  const format = { type: "json_schema", json_schema: { name: "reply", schema: sentSchema(schema) } };
  return { ...conversation(model, messages), response_format: format };
}

function conversation(model: string, messages: readonly ChatMessage[]): Body {
  return { model, messages: messages.map(({ role, content }) => ({ role, content })), stream: false };
}
