// What a chat-completions server answers: checked here, once. Servers differ in what they leave out, so only the text is required.
import { z } from "zod";
import { jsonOf } from "../../rules/json.ts";
import { replyStart, thinkClose, thinkOpen } from "../text/thinking.ts";

const weighed = z.object({ token: z.string(), logprob: z.number().nullish() });
/** A text, or its parts: those of a reasoning model's thought have another type than "text". */
const content = z.union([z.string(), z.array(z.object({ type: z.string().nullish(), text: z.string().nullish() }))]);

const completion = z.object({
  model: z.string().nullish(),
  choices: z
    .array(
      z.object({
        message: z.object({ content: content.nullish(), refusal: z.string().nullish() }),
        finish_reason: z.string().nullish(),
        logprobs: z
          .object({ content: z.array(weighed.extend({ top_logprobs: z.array(weighed).nullish() })).nullish() })
          .nullish(),
      }),
    )
    .min(1),
  usage: z
    .object({
      prompt_tokens: z.number().nullish(),
      completion_tokens: z.number().nullish(),
      prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
    })
    .nullish(),
});

/** A token that was sampled, and the likeliest ones in its place. */
export interface WeighedToken {
  readonly token: string;
  readonly top: readonly { readonly token: string; readonly logprob: number }[];
}

export interface ServerAnswer {
  /** Without thinking, which some servers leave in. */
  readonly text: string;
  /** The model declined, in these words; null: it did not. */
  readonly refusal: string | null;
  /** Whether it was cut at the most tokens of the request. */
  readonly cut: boolean;
  /** The model's name as the server states it; null: it states none. */
  readonly model: string | null;
  /** Null: the server gave no log-probs. */
  readonly tokens: readonly WeighedToken[] | null;
  /** Tokens as the server counts them; 0 where it counts none. `reused` is part of `read`. */
  readonly read: number;
  readonly reused: number;
  readonly written: number;
}

/** Reads the body of an answer; null if it is no chat completion. */
export function readAnswer(body: unknown): ServerAnswer | null {
  const parsed = completion.safeParse(body);
  const choice = parsed.data?.choices[0];
  if (!parsed.success || choice === undefined) return null;
  const { model, usage } = parsed.data;
  const text = textOf(choice.message.content ?? "");
  const stopped = stops.get(choice.finish_reason ?? "") ?? null;
  const tokens = choice.logprobs?.content ?? null;
  return {
    text: withoutThought(text).trim(),
    refusal: choice.message.refusal || stopped,
    cut: choice.finish_reason === "length",
    model: model ?? null,
    tokens: tokens === null ? null : tokens.map(({ token, top_logprobs: top }) => ({ token, top: (top ?? []).flatMap(known) })),
    read: usage?.prompt_tokens ?? 0,
    reused: usage?.prompt_tokens_details?.cached_tokens ?? 0,
    written: usage?.completion_tokens ?? 0,
  };
}

/** Ends of an answer that is none. */
const stops: ReadonlyMap<string, string> = new Map([
  ["content_filter", "stopped by the server's content filter"],
  ["error", "ended by an error of the server"],
]);

function textOf(given: z.output<typeof content>): string {
  if (typeof given === "string") return given;
  return given.map(({ type, text }) => ((type ?? "text") === "text" ? (text ?? "") : "")).join("");
}

function known({ token, logprob }: z.output<typeof weighed>): { readonly token: string; readonly logprob: number }[] {
  return typeof logprob === "number" ? [{ token, logprob }] : [];
}

/**
 * Servers whose template opens the thought leave in what follows it: a closing tag without an opening one. JSON holds such a tag in
 * a string.
 */
function withoutThought(text: string): string {
  const close = text.indexOf(thinkClose);
  const isOpened = close < 0 || text.slice(0, close).includes(thinkOpen);
  const reply = isOpened || jsonOf(text) !== undefined ? text : text.slice(close + thinkClose.length);
  return reply.slice(replyStart(reply));
}

/** A reply without the Markdown fence that many models put around JSON where nothing constrains them. */
export function unfenced(text: string): string {
  return /^```(?:json)?\s*\n([\s\S]*?)\s*```$/.exec(text)?.[1] ?? text;
}

/** The token in which the answer of {"answer": "…"} begins, with what stands before the answer in it, and its likeliest others. */
export function answerPlace(
  tokens: readonly WeighedToken[],
): { readonly lead: string; readonly top: WeighedToken["top"] } | null {
  // the last such place: a server may count thinking among the tokens
  const start = [
    ...tokens
      .map(({ token }) => token)
      .join("")
      .matchAll(/"answer"\s*:\s*"/g),
  ].at(-1);
  if (start === undefined) return null;
  const from = start.index + start[0].length;
  let before = 0;
  for (const { token, top } of tokens) {
    if (before + token.length > from) return { lead: token.slice(0, from - before), top };
    before += token.length;
  }
  return null;
}

/**
 * Log-probs of the options in the place of the answer of {"answer": "…"}, from the likeliest tokens there: all tokens that begin
 * an option count for it. An option that is not among them gets the least of their log-probs, which is at least its own. Null if
 * the tokens do not show that place.
 */
export function optionWeights(tokens: readonly WeighedToken[], options: readonly string[]): readonly number[] | null {
  const place = answerPlace(tokens);
  if (place === null) return null;
  const { lead, top } = place;
  // a token may hold the quote and the first letters of the answer
  const begins = (other: string, option: string) => {
    const rest = other.startsWith(lead) ? other.slice(lead.length).replace(/"[\s\S]*$/, "") : "";
    return rest !== "" && option.startsWith(rest);
  };
  const least = Math.min(...top.map(({ logprob }) => logprob));
  const sums = options.map((option) =>
    top.filter((other) => begins(other.token, option)).reduce((sum, { logprob }) => sum + Math.exp(logprob), 0),
  );
  return sums.some((sum) => sum > 0) ? sums.map((sum) => (sum > 0 ? Math.log(sum) : least)) : null;
}
