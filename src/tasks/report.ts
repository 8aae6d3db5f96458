// What a right episode says at its end: the true report of the results, or the refusal where no tool serves. Built by rule,
// not by a model: they must be right, for they are the good end of the judge's scale and the demonstrations' last turn.
import type { Draws } from "../rng.ts";
import type { ExpectedCall, Json, ToolSpec } from "../types.ts";
import { spoken, spokenValue } from "./values.ts";

function resultPhrases(result: Json): string[] {
  if (typeof result !== "object" || result === null || Array.isArray(result)) return [spokenValue(result)];
  return Object.entries(result).map(([name, value]) => `${spoken(name)} ${spokenValue(value)}`);
}

const openings = ["It is done:", "Here is what I found:", "All set:", "Done, here are the details:"] as const;

/** A plain true report of every result. */
export function trueReport(calls: readonly ExpectedCall[], random: Draws): string {
  return `${random.pick(openings)} ${calls.flatMap((call) => resultPhrases(call.result)).join(", ")}.`;
}

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
