// The reasoning that opens a turn, in the markers of Qwen3 and similar models: <think>, some text, </think>. Only at the start:
// models think before they answer, so a later tag is part of the answer, closed or not. Showing a user too much is better than
// hiding the answer. Whether a model thinks is read from what its chat template writes: tags in a vocabulary prove nothing
// (Qwen3's Instruct models of 2507 have them and never think).
import { PlayactError } from "../../errors.ts";
import type { ChatTemplate, Vocabulary } from "../llm.ts";
import { rendererOf, trainingDate } from "./render.ts";

export const thinkOpen = "<think>";
export const thinkClose = "</think>";

/** When a model thinks: never; where it is asked to (its template can be told not to: Qwen3); always (its template opens it). */
export type Thinking = "never" | "asked" | "always";

/** What a model's template does where no thought is asked. A model without a template never thinks. */
export function thinkingOf(vocabulary: Vocabulary, own: ChatTemplate | null): Thinking {
  if (own === null || ![thinkOpen, thinkClose].every(vocabulary.hasMarker)) return "never";
  try {
    const opened = rendererOf(own, false)([{ role: "user", content: "From Oslo?" }], [], true).trimEnd();
    if (opened.endsWith(thinkOpen)) return "always";
    return /<think>\s*<\/think>$/.test(opened) ? "asked" : "never";
  } catch (thrown) {
    if (thrown instanceof PlayactError && thrown.boundary === "template") return "never";
    throw thrown;
  }
}

/** Whether a model thinks if it is asked to, or not. */
export function thinksUnder(model: Thinking, asked: boolean): boolean {
  return model === "always" || (model === "asked" && asked);
}

/**
 * A model's template for servers: it says itself whether the policy thinks, and which day it is. A server may say the opposite, or
 * nothing.
 */
export function asTrained(source: string, model: Thinking, asked: boolean): string {
  const dated = source.replaceAll(/strftime_now\([^()]*\)/g, `'${trainingDate}'`);
  return model === "asked" ? `{%- set enable_thinking = ${asked} %}${dated}` : dated;
}

/** Ids of the thought of a turn in which a model that can think shall not: empty, as its own template writes it. */
export function emptyThought(vocabulary: Vocabulary): readonly number[] {
  const gap = vocabulary.encode("\n\n");
  return [vocabulary.marker(thinkOpen), ...gap, vocabulary.marker(thinkClose), ...gap];
}

/** Where the reply begins: after the reasoning that opens the turn; the end of the text if that is never closed. */
export function replyStart(text: string): number {
  let start = 0;
  while (text.slice(start).trimStart().startsWith(thinkOpen)) {
    const close = text.indexOf(thinkClose, start);
    if (close < 0) return text.length;
    start = close + thinkClose.length;
  }
  return start;
}
