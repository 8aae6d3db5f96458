// What a query of an intent-first task must not sound like: the assistant, whose voice small simulators slip into (recognised by
// phrases, English only), or a person who states a number that is in no call. The grammar of a calls-first message has no digits of
// its own (sentence.ts); of one that the simulator writes the assistant's phrases are refused there too (first-message.ts).
import { writtenOut } from "../rules/language/said.ts";
import { leaves } from "../rules/values.ts";
import type { Json } from "../types.ts";

/** The assistant's phrases: it agrees, offers, asks what is wanted, or speaks of what belongs to the other person. */
const offers: readonly RegExp[] = [
  /^(absolutely|certainly|of course|okay|sure)\b/,
  /\bassistant\b/,
  /\b(can|may) i (help|assist)\b|\b(help|assist) you\b|\bi('ll| will) \w+ you\b|\bdo you (need|want)\b/,
  /\byou(('d| would) like|('re| are) (interested|looking))\b/,
  /\byour (?!help)/,
  /\b[a-z]+(_[a-z]+)+\b(?![\w.]*@)/, // a field of a result
];

/** Whether a text contains words that a person who wants something done would not say. */
export function speaksAsAssistant(text: string): boolean {
  const plain = text.toLowerCase().replace(/\u2019/g, "'");
  return offers.some((sign) => sign.test(plain));
}

/** Numbers in digits that occur in no value: 4 when there are 2 guests. The parts of dates and times count as numbers. */
export function strangeNumbers(text: string, values: readonly Json[]): number[] {
  const known = new Set(
    digitsOf(
      leaves([...values])
        .map(writtenOut)
        .join(" "),
    ),
  );
  return digitsOf(text).filter((number) => !known.has(number));
}

/** Runs of digits as numbers, grouped thousands as one. */
function digitsOf(text: string): number[] {
  return (text.replace(/(\d),(?=\d{3}(?!\d))/g, "$1").match(/\d+/g) ?? []).map(Number);
}
