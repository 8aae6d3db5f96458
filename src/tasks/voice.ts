// Who speaks in a first message: a person who asks for something, or the assistant, whose voice small simulators slip into.
// Recognised by phrases, English only. What the message must state is checked in first-message.ts.

import { spoken } from "../rules/values.ts";
import type { ToolSpec } from "../types.ts";

/** The assistant's phrases: it agrees, offers, asks what is wanted, or speaks of what belongs to the other person. */
const offers: readonly RegExp[] = [
  /^(absolutely|certainly|of course|okay|sure)\b/,
  /\bassistant\b/,
  /\b(can|may) i (help|assist)\b|\b(help|assist) you\b|\bi('ll| will) \w+ you\b|\bdo you (need|want)\b/,
  /\byou(('d| would) like|('re| are) (interested|looking))\b/,
  /\byour (?!help)/,
  /\b[a-z]+(_[a-z]+)+\b(?![\w.]*@)/, // a field of a result
];
/** How a person asks, a question mark included. Small simulators also tell stories ("The return has come a long way"). */
const requests =
  /\?|\b(please|(can|could|would|will) you|(i|we)('ll)? (need|want|must|wish)|(i|we)('d| would)( \w+)? (like|love|be|prefer)|look(ing)? for|help|let (me|us)|let's|wonder(ing)?|hoping|(tell|show|give|send|get|find) me|(have|trying|planning) to)\b/;

const plain = (text: string) => text.toLowerCase().replace(/\u2019/g, "'");

/** Whether a text contains words that a person who wants something done would not say. */
export function speaksAsAssistant(text: string): boolean {
  return offers.some((sign) => sign.test(plain(text)));
}

/** A question, a request, or a sentence that begins with a tool's verb ("Forward it to me"). */
export function asks(text: string, needed: readonly ToolSpec[]): boolean {
  const [first = ""] = plain(text).split(/\W+/);
  return requests.test(plain(text)) || needed.some(({ name }) => spoken(name).split(" ")[0] === first);
}
