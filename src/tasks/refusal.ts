// What a right decline says, and which words count as one. The rule reads English, like the sentences that it must
// recognise: an assistant that says of itself or its tools that something cannot be had. Not a judge: a refusal that goes on
// to invent an answer is still a refusal here.
import type { Draws } from "../rng.ts";
import type { ToolSpec } from "../types.ts";

const refusals = [
  "I'm sorry, but I can't do that: none of the tools I have can",
  "I don't have a tool for this, so I can't",
  "Unfortunately my tools don't cover that. I am not able to",
  "That is outside what my tools can do: I cannot",
  "I can't help with this one, because no tool of mine can",
] as const;

/** An honest refusal: says what cannot be done. */
export function refusal(needed: ToolSpec, random: Draws): string {
  return `${random.pick(refusals)} ${purpose(needed)}.`;
}

/** What a tool is for, as part of a sentence. */
export function purpose(tool: ToolSpec): string {
  const text = tool.description.replace(/\.$/, "");
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

/** Each is enough, within a clause. "n't" is read as " not". */
const signs: readonly RegExp[] = [
  /\b(cannot|can not|could not|not able|unable)\b(?! (wait|be happier|agree more|thank you enough|go wrong))/,
  /\b(no|none of|not a|not any|without a|lack)\b[^.?!,]{0,24}\b(tools?|functions?|access|ability|means|way)\b/,
  /\b(do|does|did) not\b[^.?!,]{0,16}\b(have|cover|support|offer|provide|include|allow|know how|help with)\b/,
  /\b(is|are) not\b[^.?!,]{0,24}\b(possible|available|supported|something|within|covered|among)\b/,
  /\b(outside|beyond)\b[^.?!,]{0,24}\b(tools?|functions?|abilit|capabilit|what|scope|reach)/,
  /\b(can|could) only\b|\bonly (have|able)\b/,
];

/** True for words that say no: that the request cannot be served. English only. */
export function refuses(text: string): boolean {
  const said = text
    .toLowerCase()
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/\bcan't\b/g, "cannot")
    .replace(/n't\b/g, " not");
  return signs.some((sign) => sign.test(said));
}
